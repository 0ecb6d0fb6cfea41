package io.hotplex.journal.jdbc;

import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * An engine under load, to be killed: tells on standard output what it was promised, a line each.
 *
 * <pre>
 * accepted SESSION TURN      the acceptance is safe
 * seen SESSION OFFSET TYPE   a reader saw an event
 * ended SESSION TURN OFFSET  a result completed
 * full                       a prompt was refused, since the journal cannot be written
 * </pre>
 */
final class CrashLoad {
    static final int SESSIONS = 4;
    private static final int OPEN_PER_SESSION = 8;

    private CrashLoad() {}

    static Engine engine(Path directory, String acknowledgement) {
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(Map.of(
                        "state-directory",
                        directory.toString(),
                        "journal",
                        "sqlite",
                        "journal-acknowledgement",
                        acknowledgement)))
                .provider(new EchoProvider())
                .build();
    }

    static SessionSpec spec(Path directory, int number) {
        return SessionSpec.builder("s" + number, directory).build();
    }

    /** Arguments: directory, acknowledgement. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws InterruptedException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Path directory = Path.of(args[0]);
        Engine engine = engine(directory, args[1]); // never closed: the process is killed
        Session[] sessions = new Session[SESSIONS];
        for (int i = 0; i < SESSIONS; i++) {
            Session session = engine.open(spec(directory, i));
            sessions[i] = session;
            session.subscribe(
                    session.info().newestOffset(),
                    record -> out.println("seen " + session.id() + " " + record.offset() + " "
                            + record.event().type()));
        }
        Semaphore room = new Semaphore(SESSIONS * OPEN_PER_SESSION);
        try {
            for (int i = 0; true; i++) {
                while (!room.tryAcquire(20, TimeUnit.MILLISECONDS)) {
                    engine.checkJournal(); // or all that is open waits for it, and nobody is refused
                }
                submit(sessions[i % SESSIONS], "prompt " + i, room, out);
            }
        } catch (HotPlexException e) {
            out.println(e.code() == ErrorCode.JOURNAL_UNAVAILABLE ? "full" : e.toString());
            new CountDownLatch(1).await(); // until it is killed
        }
    }

    private static void submit(Session session, String text, Semaphore room, PrintStream out) {
        Turn turn = session.submit(
                Prompt.builder(text).clientId(UUID.randomUUID().toString()).build());
        turn.accepted().thenRun(() -> out.println("accepted " + session.id() + " " + turn.id()));
        turn.result().whenComplete((result, failure) -> {
            room.release();
            out.println("ended " + session.id() + " " + turn.id() + " " + result.offset());
        });
    }
}
