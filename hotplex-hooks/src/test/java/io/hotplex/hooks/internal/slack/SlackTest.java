package io.hotplex.hooks.internal.slack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.hooks.HookDesk;
import io.hotplex.hooks.Hooks;
import io.hotplex.hooks.internal.webhook.Receiver;
import io.hotplex.hooks.internal.webhook.RudeServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against Slack's API as its documentation describes it. */
@Timeout(60)
class SlackTest {
    /** The example of Slack's documentation, "Verifying requests from Slack". */
    private static final String SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

    private static final String BODY = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            + "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect"
            + "&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    private static final long TIME = 1531420618;

    @TempDir
    Path directory;

    private final AtomicInteger messages = new AtomicInteger();
    private Receiver slack;
    private long offset;

    @BeforeEach
    void receive() throws IOException {
        slack = new Receiver();
        slack.reply = exchange -> {
            byte[] answer = "{\"ok\":true,\"ts\":\"17.%d\"}"
                    .formatted(messages.incrementAndGet())
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        };
    }

    @AfterEach
    void end() {
        slack.close();
    }

    private HookConfig config(String... settings) {
        Map<String, String> all = new HashMap<>();
        all.put("api-url", "http://127.0.0.1:" + slack.port() + "/api/");
        all.put("allow-networks", "127.0.0.1");
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return HookConfig.of("team", "slack", all);
    }

    private Surroundings surroundings() {
        return new Surroundings(directory, Map.of("TOKEN", "xoxb-token", "SIGNING", SECRET, "EMPTY", ""));
    }

    private EventHook bot(String... more) {
        List<String> settings = new ArrayList<>(List.of("token-env", "TOKEN", "channel", "C1"));
        settings.addAll(List.of(more));
        return new SlackHookFactory().open(config(settings.toArray(String[]::new)), surroundings());
    }

    private HookEvent event(String session, @Nullable String turn, AgentEvent event) {
        offset++;
        return new HookEvent(
                "evt_" + offset,
                new EventRecord(session, offset, offset, turn, Instant.EPOCH, event),
                "ann",
                "claude",
                HookEvent.Severity.INFO,
                null);
    }

    private static AgentEvent started() {
        return new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, null);
    }

    private static AgentEvent done(String text) {
        return new AgentEvent.TurnCompleted(text, TokenUsage.ZERO, null, Duration.ofSeconds(3), null, null);
    }

    private static AgentEvent endedWithItsEngine() {
        return new AgentEvent.TurnFailed(
                ErrorCode.ENGINE_RESTARTED, "", true, TokenUsage.ZERO, null, Duration.ofSeconds(3));
    }

    private static AgentEvent asked() {
        return new AgentEvent.PermissionRequested("p1", "t", "Bash", Map.of(), "", List.of());
    }

    private JsonNode sent(int index) throws IOException {
        return new ObjectMapper().readTree(slack.got.get(index).body());
    }

    @Test
    void aTurnIsOneMessageInTheThreadOfItsSession() throws Exception {
        try (EventHook hook = bot()) {
            assertThat(hook.deliver(List.of(event("s1", "t1", started())))).isEqualTo(Delivery.DONE);
            hook.deliver(List.of(event("s1", "t1", done("a <b> & c"))));
            hook.deliver(List.of(event("s1", "t2", started()), event("s1", "t2", done(""))));
        }

        assertThat(slack.got)
                .extracting(Receiver.Got::path)
                .containsExactly(
                        "/api/chat.postMessage", "/api/chat.postMessage", "/api/chat.update", "/api/chat.postMessage");
        assertThat(slack.got.get(0).header("Authorization")).isEqualTo("Bearer xoxb-token");
        assertThat(sent(0).get("channel").asText()).isEqualTo("C1");
        assertThat(sent(0).has("thread_ts")).isFalse();
        assertThat(sent(1).get("thread_ts").asText()).isEqualTo("17.1");
        assertThat(sent(2).get("ts").asText()).isEqualTo("17.2");
        assertThat(sent(2).get("blocks").toString()).contains("completed in 3 s", "a &lt;b&gt; &amp; c");
        assertThat(sent(3).get("thread_ts").asText()).as("the same thread").isEqualTo("17.1");
    }

    @Test
    void theFirstMessageOfASessionTellsWhenItIsClosed() throws Exception {
        try (EventHook hook = bot()) {
            hook.deliver(List.of(
                    event("s1", "t1", started()),
                    event("s1", "t1", done("")),
                    event("s1", null, new AgentEvent.SessionClosed("no more <work>"))));
            hook.deliver(List.of(event("s2", null, new AgentEvent.SessionClosed("nobody heard of it"))));
            hook.deliver(List.of(event("s1", "t2", started())));
        }

        assertThat(slack.got).hasSize(5);
        assertThat(slack.got.get(2).path()).isEqualTo("/api/chat.update");
        assertThat(sent(2).get("ts").asText()).isEqualTo("17.1");
        assertThat(sent(2).get("blocks").toString()).contains("Session s1 of ann was closed: no more &lt;work&gt;");
        assertThat(sent(3).has("thread_ts")).as("another session").isFalse();
    }

    @Test
    void goesOnInTheSameThreadAndMessageAfterARestart() throws Exception {
        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t1", started()), event("s1", "t1", done(""))));
            hook.deliver(List.of(event("s1", "t2", started())));
        }
        Files.writeString(directory.resolve("places"), "torn", StandardOpenOption.APPEND);
        slack.got.clear();

        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t2", done(""))));
            hook.deliver(List.of(event("s1", "t3", started())));
        }

        assertThat(slack.got)
                .extracting(Receiver.Got::path)
                .containsExactly("/api/chat.update", "/api/chat.postMessage");
        assertThat(sent(0).get("ts").asText()).isEqualTo("17.3");
        assertThat(sent(1).get("thread_ts").asText()).isEqualTo("17.1");
        slack.got.clear();
        try (EventHook hook = bot("channel", "C2")) {
            hook.deliver(List.of(event("s1", "t3", done(""))));
        }
        assertThat(sent(0).has("thread_ts"))
                .as("another channel has other threads")
                .isFalse();
    }

    @Test
    void whoRedeliversWhileTheGatewayRunsFindsItsThreadsAndWritesNone() throws Exception {
        try (EventHook gateway = bot();
                EventHook desk = bot()) {
            gateway.deliver(List.of(event("s1", "t1", started())));
            desk.deliver(List.of(event("s1", "t0", done("")), event("s2", "t9", done(""))));
            gateway.deliver(List.of(event("s3", "t4", started())));
        }

        assertThat(sent(2).get("thread_ts").asText()).isEqualTo("17.1");
        assertThat(Files.readString(directory.resolve("places")))
                .contains("s1", "s3")
                .doesNotContain("s2");
    }

    @Test
    void keepsPlacesFromWhenTheOneWhoHadThemHasEnded() throws Exception {
        EventHook desk = bot();
        try (EventHook gateway = bot()) {
            desk.deliver(List.of(event("s1", "t1", started())));
            gateway.deliver(List.of(event("s2", "t2", started())));
            desk.deliver(List.of(event("s3", "t3", started())));
            desk.close();

            gateway.deliver(List.of(event("s3", "t4", started())));
        }

        assertThat(slack.got).hasSize(7);
        assertThat(sent(6).get("thread_ts").asText())
                .as("what was written last by the one before")
                .isEqualTo("17.5");
        slack.got.clear();
        try (EventHook next = bot()) {
            next.deliver(List.of(event("s2", "t2", done(""))));
            next.deliver(List.of(event("s3", "t4", done(""))));
        }
        assertThat(slack.got).extracting(Receiver.Got::path).containsOnly("/api/chat.update");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void placesAreForTheirOwnerAlone() throws Exception {
        Surroundings made =
                new Surroundings(directory.resolve("hooks/team"), surroundings().environment());
        HookConfig config = config("token-env", "TOKEN", "channel", "C1");
        try (EventHook hook = new SlackHookFactory().open(config, made)) {
            hook.deliver(List.of(event("s1", "t1", started())));
        }

        assertThat(permissions("hooks")).isEqualTo("rwx------");
        assertThat(permissions("hooks/team")).isEqualTo("rwx------");
        assertThat(permissions("hooks/team/places")).isEqualTo("rw-------");
        assertThat(permissions("hooks/team/places.lock")).isEqualTo("rw-------");
    }

    private String permissions(String file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(file)));
    }

    @Test
    void aTryOfTheHookIsShownAndTellsAWrongToken() throws Exception {
        HookDesk bot = desk(config("token-env", "TOKEN", "channel", "C1"));
        assertThat(bot.test()).isNull();
        assertThat(slack.got).as("a thread, and the turn in it").hasSize(2);
        assertThat(sent(1).get("blocks").toString()).contains("a test of the hook");

        slack.got.clear();
        slack.reply = says("invalid_auth");
        assertThat(bot.test()).isEqualTo("Slack says invalid_auth");
        assertThat(slack.got).hasSize(1);

        slack.got.clear();
        slack.reply = exchange -> exchange.sendResponseHeaders(200, -1);
        HookDesk incoming =
                desk(HookConfig.of("in", "slack", Map.of("webhook-env", "URL", "allow-networks", "127.0.0.1")));
        assertThat(incoming.test()).isNull();
        assertThat(slack.got).hasSize(1);
        slack.reply = exchange -> exchange.sendResponseHeaders(403, -1);
        assertThat(incoming.test()).isEqualTo("Slack answered 403");
    }

    private HookDesk desk(HookConfig config) {
        Map<String, String> environment = Map.of("TOKEN", "xoxb-token", "URL", slack.url());
        return Hooks.builder(directory).environment(environment).desk(config);
    }

    @Test
    void beginsAnewWhereSomebodyDeletedAMessage() throws Exception {
        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t1", started())));
            Receiver.Reply works = slack.reply;
            slack.reply = says("message_not_found");
            assertThat(hook.deliver(List.of(event("s1", "t1", done("")))))
                    .isEqualTo(Delivery.retry("Slack says message_not_found"));
            slack.reply = works;
            slack.got.clear();

            assertThat(hook.deliver(List.of(event("s1", "t1", done(""))))).isEqualTo(Delivery.DONE);
        }

        assertThat(slack.got).extracting(Receiver.Got::path).containsExactly("/api/chat.postMessage");
        assertThat(sent(0).get("thread_ts").asText())
                .as("the thread is still there")
                .isEqualTo("17.1");
    }

    @Test
    void beginsAnotherThreadWhereSomebodyDeletedIt() throws Exception {
        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t1", started())));
            Receiver.Reply works = slack.reply;
            slack.reply = says("thread_not_found");
            assertThat(hook.deliver(List.of(event("s1", "t2", started()))))
                    .isEqualTo(Delivery.retry("Slack says thread_not_found"));
            slack.reply = works;
            slack.got.clear();

            hook.deliver(List.of(event("s1", "t2", started())));
            hook.deliver(List.of(event("s1", "t1", done(""))));
        }

        assertThat(slack.got)
                .extracting(Receiver.Got::path)
                .containsExactly("/api/chat.postMessage", "/api/chat.postMessage", "/api/chat.update");
        assertThat(sent(0).has("thread_ts")).isFalse();
        assertThat(sent(1).get("thread_ts").asText()).isEqualTo("17.3");
        assertThat(sent(2).get("ts").asText())
                .as("a message that is still there")
                .isEqualTo("17.2");
    }

    @Test
    void aTurnThatEndedIsNotToldAgainWhenAnotherOneOfItsBatchIs() throws Exception {
        List<HookEvent> batch = List.of(
                event("s1", "t1", started()),
                event("s1", "t1", done("first")),
                event("s1", "t2", started()),
                event("s1", "t2", done("second")));
        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t0", started())));
            slack.got.clear();
            Receiver.Reply works = slack.reply;
            AtomicInteger calls = new AtomicInteger();
            slack.reply = exchange -> {
                if (calls.incrementAndGet() == 2) {
                    exchange.sendResponseHeaders(429, -1);
                } else {
                    works.to(exchange);
                }
            };

            assertThat(hook.deliver(batch)).isEqualTo(Delivery.retry("Slack answered 429"));
            assertThat(hook.deliver(batch)).isEqualTo(Delivery.DONE);
        }

        assertThat(slack.got).extracting(Receiver.Got::path).containsOnly("/api/chat.postMessage");
        assertThat(slack.got)
                .extracting(got -> got.text().contains("first") ? "first" : "second")
                .containsExactly("first", "second", "second");
        assertThat(Files.readString(directory.resolve("places")))
                .as("both are over")
                .contains("- C1/turn/t1", "- C1/turn/t2");
    }

    @Test
    void aRequestThatOutlastsItsEngineKeepsItsButtons() throws Exception {
        String[] buttons = {"signing-secret-env", "SIGNING", "approvers", "U1=ann"};
        try (EventHook hook = bot(buttons)) {
            hook.deliver(List.of(event("s1", "t1", started()), event("s1", "t1", asked())));
        }
        slack.got.clear();

        try (EventHook hook = bot(buttons)) {
            hook.deliver(List.of(event("s1", "t1", endedWithItsEngine())));
        }

        assertThat(slack.got).extracting(Receiver.Got::path).containsExactly("/api/chat.postMessage");
        assertThat(sent(0).get("thread_ts").asText()).isEqualTo("17.1");
        assertThat(sent(0).get("blocks").toString()).contains("failed: ENGINE_RESTARTED");
    }

    @Test
    void aMessageWithoutButtonsTellsThatItsEngineEnded() throws Exception {
        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t1", started()), event("s1", "t1", asked())));
        }
        slack.got.clear();

        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t1", endedWithItsEngine())));
        }

        assertThat(slack.got).extracting(Receiver.Got::path).containsExactly("/api/chat.update");
        assertThat(sent(0).get("ts").asText()).isEqualTo("17.2");
    }

    @Test
    void aPermissionHasButtonsUntilSomebodyDecided() throws Exception {
        try (EventHook hook = bot("signing-secret-env", "SIGNING", "approvers", "U1=ann")) {
            hook.deliver(List.of(event("s1", "t1", started()), event("s1", "t1", asked())));
            hook.deliver(List.of(event(
                    "s1",
                    "t1",
                    new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.ALLOWED, "slack:alice", null))));
        }

        JsonNode actions = sent(1).get("blocks").get(2);
        assertThat(actions.get("type").asText()).isEqualTo("actions");
        assertThat(actions.get("elements"))
                .extracting(button -> button.get("action_id").asText() + " "
                        + button.get("value").asText())
                .containsExactly("allow s1 p1", "deny s1 p1");
        assertThat(sent(2).get("blocks").toString())
                .contains("was allowed by slack:alice")
                .doesNotContain("actions");
    }

    @Test
    void secretsMayBeInFiles() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "xoxb-of-a-file\n");
        Path signing = Files.writeString(directory.resolve("signing"), SECRET);
        HookConfig bot = config("token-file", token.toString(), "channel", "C1");
        try (EventHook hook = new SlackHookFactory().open(bot, surroundings())) {
            hook.deliver(List.of(event("s1", "t1", started())));
        }
        assertThat(slack.got.get(0).header("Authorization")).isEqualTo("Bearer xoxb-of-a-file");

        Path url = Files.writeString(directory.resolve("url"), slack.url());
        HookConfig incoming =
                HookConfig.of("team", "slack", Map.of("webhook-file", url.toString(), "allow-networks", "127.0.0.1"));
        slack.got.clear();
        try (EventHook hook = new SlackHookFactory().open(incoming, surroundings())) {
            hook.deliver(List.of(event("s1", "t2", new AgentEvent.TurnBlocked("r1", "c", "high", "", List.of()))));
        }
        assertThat(slack.got).hasSize(1);

        byte[] body = payload("U1", "allow", "s1 p1");
        String time = Long.toString(TIME);
        SlackRequests requests = Objects.requireNonNull(SlackRequests.of(
                HookConfig.of(
                        "team", "slack", Map.of("signing-secret-file", signing.toString(), "approvers", "U1=ann")),
                surroundings()));
        assertThat(requests.read(time, "v0=" + SlackRequests.sign(SECRET, time, body), body, at(TIME))
                        .allow())
                .isTrue();
    }

    @Test
    void withoutSigningSecretThereAreNoButtons() throws Exception {
        try (EventHook hook = bot()) {
            hook.deliver(List.of(event("s1", "t1", asked())));
        }
        assertThat(sent(1).get("blocks").toString())
                .contains("needs a permission")
                .doesNotContain("actions");
    }

    @Test
    void anIncomingWebhookHearsOfWhatSomebodyShouldLookAt() throws Exception {
        slack.reply = exchange -> exchange.sendResponseHeaders(200, -1);
        HookConfig config = HookConfig.of("team", "slack", Map.of("webhook-env", "URL", "allow-networks", "127.0.0.1"));
        Surroundings surroundings = new Surroundings(directory, Map.of("URL", slack.url()));
        try (EventHook hook = new SlackHookFactory().open(config, surroundings)) {
            hook.deliver(List.of(event("s1", "t1", started()), event("s1", "t1", done("x"))));
            hook.deliver(List.of(event("s1", "t2", new AgentEvent.TurnBlocked("r1", "c", "high", "", List.of()))));
        }

        assertThat(slack.got).hasSize(1);
        assertThat(sent(0).get("blocks").toString()).contains("blocked by rule r1 (high)");
        assertThat(sent(0).get("text").asText()).isEqualTo("claude, session s1: blocked by rule r1 (high)");
    }

    @Test
    void keepsToRateLimitsAndTellsWhatSlackSays() throws Exception {
        slack.reply = exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "30");
            exchange.sendResponseHeaders(429, -1);
        };
        try (EventHook hook = bot()) {
            assertThat(hook.deliver(List.of(event("s1", "t1", started()))))
                    .isEqualTo(new EventHook.Retry("Slack answered 429", Duration.ofSeconds(30)));
            assertThat(says(hook, "channel_not_found")).isEqualTo(Delivery.retry("Slack says channel_not_found"));
            assertThat(says(hook, "invalid_blocks")).isEqualTo(new EventHook.Refused("Slack says invalid_blocks"));
        }
    }

    /** What may come in the place of Slack's answer; each is over within the limit, and tried again. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "an answer that never ends,     'HTTP/1.1 200 OK|Content-Length: 9000||{\"ok\":true,\"ts\":\"', DRIBBLE",
        "an answer without bounds,      'HTTP/1.1 200 OK|Connection: close||{\"ok\":true,\"ts\":\"',    FLOOD",
        "an answer that breaks off,     'HTTP/1.1 200 OK|Content-Length: 9000||{\"ok\":tr',             END",
        "no JSON,                       'HTTP/1.1 200 OK|Connection: close||<html>',                  END",
        "JSON that is no object,        'HTTP/1.1 200 OK|Connection: close||[1]',                     END",
        "an object that is no answer,   'HTTP/1.1 200 OK|Connection: close||{\"ok\":1}',              END",
        "nothing,                       'HTTP/1.1 200 OK|Connection: close||',                        END"
    })
    void anAnswerThatIsNoneIsTriedAgainInTime(String what, String answer, RudeServer.Rest rest) throws Exception {
        try (RudeServer rude = new RudeServer(answer.replace("|", "\r\n"), rest);
                EventHook hook = bot("api-url", rude.url(), "timeout", "300ms")) {
            assertThat(hook.deliver(List.of(event("s1", "t1", started())))).isInstanceOf(EventHook.Retry.class);
        }
    }

    private static Receiver.Reply says(String error) {
        return exchange -> {
            byte[] answer = ("{\"ok\":false,\"error\":\"" + error + "\"}").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        };
    }

    private Delivery says(EventHook hook, String error) throws Exception {
        slack.reply = says(error);
        return hook.deliver(List.of(event("s1", "t1", started())));
    }

    // ---- answers

    private SlackRequests requests(String... more) {
        Map<String, String> settings =
                new HashMap<>(Map.of("signing-secret-env", "SIGNING", "approvers", "U1=ann,U2=*"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return Objects.requireNonNull(SlackRequests.of(HookConfig.of("team", "slack", settings), surroundings()));
    }

    private static Clock at(long seconds) {
        return Clock.fixed(Instant.ofEpochSecond(seconds), ZoneOffset.UTC);
    }

    private static byte[] payload(String user, String action, String value) {
        String json = "{\"type\":\"block_actions\",\"user\":{\"id\":\"" + user + "\",\"username\":\"alice\"},"
                + "\"actions\":[{\"action_id\":\"" + action + "\",\"value\":\"" + value + "\"}]}";
        return ("payload=" + URLEncoder.encode(json, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
    }

    private SlackRequests.Decision read(byte[] body) {
        String signature = "v0=" + SlackRequests.sign(SECRET, Long.toString(TIME), body);
        return requests().read(Long.toString(TIME), signature, body, at(TIME));
    }

    @Test
    void signsAsInTheExampleOfSlack() {
        assertThat(SlackRequests.sign(SECRET, Long.toString(TIME), BODY.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
    }

    @Test
    void readsWhoDecidedWhat() {
        SlackRequests.Decision decision = read(payload("U1", "allow", "s1 p1"));

        assertThat(decision.session()).isEqualTo("s1");
        assertThat(decision.request()).isEqualTo("p1");
        assertThat(decision.allow()).isTrue();
        assertThat(decision.approver().label()).isEqualTo("slack:alice");
        assertThat(decision.approver().owner()).isEqualTo("ann");
        assertThat(read(payload("U2", "deny", "s1 p1")).allow()).isFalse();
    }

    @Test
    void whatSlackDidNotSignOrSentLongAgoIsNotBelieved() {
        byte[] body = payload("U1", "allow", "s1 p1");
        String time = Long.toString(TIME);
        String signature = "v0=" + SlackRequests.sign(SECRET, time, body);

        assertCode(ErrorCode.UNAUTHENTICATED, () -> requests().read(null, signature, body, at(TIME)));
        assertCode(ErrorCode.UNAUTHENTICATED, () -> requests().read(time, null, body, at(TIME)));
        assertCode(ErrorCode.UNAUTHENTICATED, () -> requests().read("soon", signature, body, at(TIME)));
        assertCode(ErrorCode.UNAUTHENTICATED, () -> requests().read(time, signature + "0", body, at(TIME)));
        assertCode(
                ErrorCode.UNAUTHENTICATED,
                () -> requests().read(time, signature, payload("U2", "allow", "s1 p1"), at(TIME)));
        assertCode(ErrorCode.UNAUTHENTICATED, () -> requests().read(time, signature, body, at(TIME + 301)));
        assertCode(ErrorCode.UNAUTHENTICATED, () -> requests().read(time, signature, body, at(TIME - 301)));
        assertThat(requests().read(time, signature, body, at(TIME + 299)).allow())
                .isTrue();
    }

    @Test
    void whoMayNotAnswerDoesNotAndWhatIsNoAnswerIsNone() {
        assertCode(ErrorCode.FORBIDDEN, () -> read(payload("U3", "allow", "s1 p1")));
        assertCode(ErrorCode.INVALID_ARGUMENT, () -> read(payload("U1", "shrug", "s1 p1")));
        assertCode(ErrorCode.INVALID_ARGUMENT, () -> read(payload("U1", "allow", "s1")));
        for (String body : List.of("", "payload=", "payload=%7B%7D", "payload=%ZZ", "other=1", "payload=[]")) {
            assertCode(ErrorCode.INVALID_ARGUMENT, () -> read(body.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static void assertCode(ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void refusesSettingsThatCannotBe() {
        assertInvalid("hook.team.token-env");
        assertInvalid("hook.team.token-env", "token-env", "EMPTY", "channel", "C1");
        assertInvalid("hook.team.token-file", "token-file", "/no/such/file", "channel", "C1");
        assertInvalid("hook.team.token-env", "token-env", "TOKEN", "webhook-env", "TOKEN");
        assertInvalid("hook.team.webhook-file", "webhook-file", "/no/such/file");
        assertInvalid("hook.team.channel is missing", "token-env", "TOKEN");
        assertInvalid("hook.team.api-url", "token-env", "TOKEN", "channel", "C1", "api-url", "nowhere");
        assertInvalid("hook.team.approvers", "token-env", "TOKEN", "channel", "C1", "approvers", "U1=ann");
        assertInvalid("hook.team.approvers", "signing-secret-env", "SIGNING", "approvers", "U1");
        assertInvalid("hook.team.signing-secret-file", "signing-secret-file", "/no/such/file");
        assertInvalid("hook.team.signing-secret-env", "webhook-env", "TOKEN", "signing-secret-env", "SIGNING");
    }

    private void assertInvalid(String message, String... settings) {
        assertThatThrownBy(() -> new SlackHookFactory().open(config(settings), surroundings()))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining(message);
    }
}
