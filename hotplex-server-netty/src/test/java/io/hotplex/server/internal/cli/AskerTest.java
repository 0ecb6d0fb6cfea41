package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Option;
import io.hotplex.api.AgentEvent.Question;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AskerTest {
    private final List<String> answers = new CopyOnWriteArrayList<>();
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final TextView view =
            new TextView(new Lane(screen), new Lane(screen), new Terminal(true, true, true, false));
    private final PipedOutputStream keyboard = new PipedOutputStream();
    private Asker asker;

    @BeforeEach
    void sitDown() throws IOException {
        asker = new Asker(session(false), view, new PipedInputStream(keyboard));
    }

    @AfterEach
    void leave() throws IOException {
        keyboard.close();
    }

    @ParameterizedTest
    @CsvSource({
        "y, 'answer p1 Allow[scope=ONCE, updatedInput=null] cli'",
        "YES, 'answer p1 Allow[scope=ONCE, updatedInput=null] cli'",
        "a, 'answer p1 Allow[scope=SESSION, updatedInput=null] cli'",
        "n, 'answer p1 Deny[message=The user said no., interrupt=false] cli'",
        "'', 'answer p1 Deny[message=The user said no., interrupt=false] cli'",
        "yeah, 'answer p1 Deny[message=The user said no., interrupt=false] cli'"
    })
    void allowsOnlyOnAClearYes(String typed, String answer) throws IOException {
        asker.see(permission("p1", "ls"));
        type(typed);

        awaitAnswers(answer);
    }

    @Test
    void showsAllThatIsToBeAllowed() {
        asker.see(permission("p1", "rm -r \033[2K/"));

        assertThat(screen.toString(StandardCharsets.UTF_8)).isEqualTo("""
                ? May the agent use Bash? Remove it
                    command: rm -r \uFFFD[2K/
                  [y]es, [N]o, [a]lways in this session:\s""");
    }

    @Test
    void asksOneAfterTheOther() throws IOException {
        asker.see(permission("p1", "one"));
        asker.see(permission("p2", "two"));
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("one").doesNotContain("two");

        type("y");
        awaitAnswers("answer p1 Allow[scope=ONCE, updatedInput=null] cli");
        asker.see(new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.ALLOWED, "cli", null));

        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("two");
    }

    @Test
    void doesNotTakeTheAnswerToOneQuestionForAnother() throws IOException {
        asker.see(permission("p1", "one"));
        asker.see(new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.WITHDRAWN, "agent", null));
        asker.see(permission("p2", "two"));
        type("y");

        awaitAnswers("answer p2 Allow[scope=ONCE, updatedInput=null] cli");
    }

    @Test
    void asksEachOfSeveralQuestions() throws IOException {
        asker.see(new AgentEvent.QuestionAsked(
                "q1",
                null,
                List.of(
                        question("Which?", false, "red", "blue"),
                        question("Both?", true, "left", "right"),
                        question("Why?", false))));
        type("2");
        type("1, 2");
        type("because");

        awaitAnswers("answerQuestion q1 {Both?=[left, right], Which?=[blue], Why?=[because]} cli");
    }

    @Test
    void takesOtherWordsAndLeavesOutWhatIsEmpty() throws IOException {
        asker.see(new AgentEvent.QuestionAsked(
                "q1", null, List.of(question("Which?", false, "red", "blue"), question("Why?", false))));
        type("3");
        type("");

        awaitAnswers("answerQuestion q1 {Which?=[3]} cli");
    }

    @Test
    void refusesEverythingWhenNothingCanBeTypedAnyMore() throws IOException {
        asker.see(permission("p1", "one"));
        keyboard.close();
        awaitAnswers("answer p1 Deny[message=The user said no., interrupt=false] cli");

        asker.see(permission("p2", "two"));

        assertThat(answers).hasSize(2).last().asString().startsWith("answer p2 Deny");
    }

    @Test
    void refusesWhereNobodyIsThere() {
        Asker alone = new Asker(session(false), view, null);

        alone.see(permission("p1", "one"));
        alone.see(new AgentEvent.QuestionAsked("q1", null, List.of(question("Why?", false))));

        assertThat(answers).hasSize(2);
        assertThat(answers.get(0)).startsWith("answer p1 Deny[message=Denied, because nobody can be asked here.");
        assertThat(answers.get(1)).isEqualTo("answerQuestion q1 {} cli");
    }

    @Test
    void doesNotMindThatSomebodyElseWasQuicker() {
        new Asker(session(true), view, null).see(permission("p1", "one"));

        assertThat(answers).hasSize(1);
    }

    private void type(String line) throws IOException {
        keyboard.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        keyboard.flush();
    }

    private void awaitAnswers(String... expected) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(answers).containsExactly(expected));
    }

    private static AgentEvent permission(String id, String command) {
        return new AgentEvent.PermissionRequested(id, null, "Bash", Map.of("command", command), "Remove it", List.of());
    }

    private static Question question(String text, boolean many, String... labels) {
        return new Question(
                text,
                "",
                Arrays.stream(labels).map(label -> new Option(label, "")).toList(),
                many);
    }

    /** A session that notes which of its methods are called. */
    private Session session(boolean answeredBefore) {
        return (Session) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Session.class}, (proxy, method, arguments) -> {
                    answers.add(method.getName() + " "
                            + Arrays.stream(arguments)
                                    .map(argument -> argument instanceof Map<?, ?> map
                                            ? new TreeMap<>(map).toString()
                                            : String.valueOf(argument))
                                    .collect(Collectors.joining(" ")));
                    if (answeredBefore) {
                        throw new HotPlexException(ErrorCode.REQUEST_ALREADY_ANSWERED, "too late");
                    }
                    return null;
                });
    }
}
