package io.hotplex.server.internal.cli;

/** What {@code hotplex --help} says. */
final class Help {
    static final String TEXT = """
            HotPlex runs terminal AI coding agents as hot, isolated processes behind sessions.

            Usage:
              hotplex run [options] "prompt"    asks an agent and shows its answer as it is written;
                                                the prompt - is read from standard input
              hotplex serve [options]           serves agents to programs, over HTTP, until Ctrl-C
              hotplex approvals [list | show ID | allow ID | deny ID | watch | remembered | forget ID]
                                                what agents of a gateway wait for people to allow
              hotplex sessions [list | show ID | export ID | delete ID]
                                                what a durable journal keeps; export writes one event a line
              hotplex replay ID [--speed N]     shows a session again; N is a factor, or max
              hotplex hooks [status | test NAME | redeliver NAME]
                                                how hooks are doing; tries one; delivers what was put aside
              hotplex audit verify [DIR]        tells whether the audit trail is as it was written
              hotplex config --describe         tells every setting; --markdown as tables
              hotplex config --check [FILE]     tells whether a configuration is right
              hotplex key                       makes a key for clients of serve, and its hash
              hotplex doctor [options]          tells what was found on this machine
              hotplex archive                   prepares the classes, so that starts with this Java are faster
              hotplex --version
              hotplex --help

            Options of run:
              --provider NAME          who answers: claude, demo, or a configured name
              --session ID             begins or continues the conversation with this id
              --work-dir DIR           where the agent works; by default here
              --model NAME             the model, in the agent's own spelling
              --permission-mode MODE   the permission mode, in the agent's own spelling
              --allowed-tools A,B      tools that run without a question; may be repeated
              --json                   one event a line, as JSON, instead of text

            Options of serve:
              --host HOST              where to listen; by default 127.0.0.1
              --port PORT              by default 8080; 0 for any
              --check                  checks the configuration, and serves nothing

            Options of approvals:
              --url URL                the gateway; by default where it is configured to listen. Its key is
                                       $HOTPLEX_KEY, else the one in the state directory
              --for once|session|always, --input JSON
                                       how long an allowed call stays allowed; another input for it
              --message TEXT, --interrupt
                                       why a call is denied; whether the turn ends as well

            Options of every command:
              --config FILE            settings; else $HOTPLEX_CONFIG, else ~/.hotplex/hotplex.yaml
              --set KEY=VALUE          one setting; counts more than the file; may be repeated
              --debug                  logs what happens, and where errors come from
            approvals, sessions, replay, hooks and doctor take --json, too.

            Ctrl-C interrupts the turn, or ends the server; a second signal leaves at once.

            Exit codes: 0 done, 1 the turn failed, 2 wrong usage or input, 3 this machine cannot do it,
            130 interrupted, 143 told to end by SIGTERM or SIGHUP; a server that ended in order has 0.
            """;

    private Help() {}
}
