package io.hotplex.testkit.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink.Outcome;
import io.hotplex.api.spi.ProviderConfig;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every provider must do, and what it must do if it claims to. Extend it in the provider's tests and supply the
 * factory, a configuration whose program exists, and the agent's side of the protocol; what else can be supplied has a
 * default, with which some checks are skipped and say so.
 */
public abstract class AgentProviderContract {
    private static final String SERVICE = AgentProviderFactory.class.getName();
    private static final String SECRET = "contract-secret-5f1c9e";
    private static final int RANDOM_LINES = 20_000;

    /** For subclasses. */
    protected AgentProviderContract() {}

    /** The factory, as {@link ServiceLoader} would make it. */
    protected abstract AgentProviderFactory factory();

    /** A configuration with which a session can be opened; its program exists, and is never started. */
    protected abstract ProviderConfig config();

    /** A configuration whose program does not exist. */
    protected abstract ProviderConfig configWithoutProgram();

    /** A fresh agent's side. */
    protected abstract AgentPeer peer();

    /**
     * A configuration that gives the agent's process a secret, for example as a variable of its environment. Without
     * one, only secrets of a session are checked.
     */
    protected @Nullable ProviderConfig configWithSecret(String secret) {
        return null;
    }

    /**
     * A prompt at which the {@link #peer()} asks its user a question; it ends the turn when that is answered. Without
     * one, the claim of {@link Capability#QUESTIONS} is not checked.
     */
    protected @Nullable String questionPrompt() {
        return null;
    }

    /**
     * Whether a line to the agent carries an image. Without an override it is expected in Base64; an agent that takes
     * images in another way overrides this.
     */
    protected boolean carriesImage(String line, byte[] image) {
        return line.contains(Base64.getEncoder().encodeToString(image));
    }

    private AgentProvider provider() {
        return factory().create(config());
    }

    private static SessionSpec.Builder spec() {
        return SessionSpec.builder("contract", Path.of("").toAbsolutePath());
    }

    private static LaunchRequest request(SessionSpec spec, LaunchRequest.Mode mode) {
        String forked = mode == LaunchRequest.Mode.FORK ? UUID.randomUUID().toString() : null;
        return new LaunchRequest(
                spec, new LaunchRequest.Start(mode, UUID.randomUUID().toString(), forked));
    }

    private ProtocolDriver started() {
        Launch launch = provider().launch(request(spec().build(), LaunchRequest.Mode.NEW));
        return new ProtocolDriver(launch.protocol(), peer()).start();
    }

    @Test
    void isFoundAsService() {
        assertThat(ServiceLoader.load(AgentProviderFactory.class).stream())
                .extracting(ServiceLoader.Provider::type)
                .anyMatch(type -> type.equals(factory().getClass()));
    }

    @Test
    void isNamedAlikeInModuleInfoAndServicesFile() throws IOException {
        Class<?> type = factory().getClass();
        List<String> own = servicesFiles(type.getClassLoader()).stream()
                .filter(names -> names.contains(type.getName()))
                .findFirst()
                .orElse(List.of());
        assertThat(own)
                .as("META-INF/services/%s that names %s", SERVICE, type.getName())
                .isNotEmpty();

        ModuleDescriptor module = module(type);
        if (module != null) {
            assertThat(module.provides())
                    .filteredOn(provides -> provides.service().equals(SERVICE))
                    .flatExtracting(ModuleDescriptor.Provides::providers)
                    .containsExactlyInAnyOrderElementsOf(own);
        }
    }

    /** What each services file names; classes and resources may lie in different places. */
    private static List<List<String>> servicesFiles(ClassLoader loader) throws IOException {
        List<List<String>> files = new ArrayList<>();
        for (URL file : Collections.list(loader.getResources("META-INF/services/" + SERVICE))) {
            try (InputStream in = file.openStream()) {
                files.add(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .map(line -> line.replaceFirst("#.*", "").strip())
                        .filter(line -> !line.isEmpty())
                        .toList());
            }
        }
        return files;
    }

    /** The module that the class is in, or would be in on a module path; {@code null} for none. */
    private static @Nullable ModuleDescriptor module(Class<?> type) throws IOException {
        if (type.getModule().isNamed()) {
            return type.getModule().getDescriptor();
        }
        String place = type.getProtectionDomain().getCodeSource().getLocation().toString();
        for (URL file : Collections.list(type.getClassLoader().getResources("module-info.class"))) {
            String found = file.toString();
            if (found.startsWith(place) || found.startsWith("jar:" + place + "!")) {
                try (InputStream in = file.openStream()) {
                    return ModuleDescriptor.read(in);
                }
            }
        }
        return null;
    }

    @Test
    void keepsTheNameOfItsInstance() {
        Map<String, String> settings = new HashMap<>();
        for (String key : config().keys()) {
            settings.put(key, String.valueOf(config().text(key)));
        }
        ProviderConfig named = ProviderConfig.of("other-name", factory().type(), settings);

        assertThat(factory().type()).matches("[a-z0-9-]+");
        assertThat(factory().create(named).name()).isEqualTo("other-name");
    }

    @Test
    void refusesUnknownSettings() {
        ProviderConfig config = config().with("no-such-setting", "x");

        assertThatThrownBy(() -> factory().create(config))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("no-such-setting")
                .extracting(e -> ((HotPlexException) e).code())
                .isEqualTo(ErrorCode.CONFIG_INVALID);
    }

    @Test
    void acceptsAPlainSession() {
        assertThatCode(() -> provider().check(spec().build())).doesNotThrowAnyException();
    }

    @Test
    void saysWhenItsProgramIsMissing() {
        AgentProvider provider = factory().create(configWithoutProgram());

        assertThatThrownBy(() -> provider.check(spec().build()))
                .isInstanceOf(HotPlexException.class)
                .extracting(e -> ((HotPlexException) e).code())
                .isEqualTo(ErrorCode.PROVIDER_UNAVAILABLE);
    }

    @Test
    void keepsSecretsOutOfCommandLineAndText() {
        SessionSpec spec = spec().environment("CONTRACT_TOKEN", SECRET).build();

        assertThat(launchWithoutSecret(provider(), spec).environment()).containsEntry("CONTRACT_TOKEN", SECRET);
    }

    @Test
    void keepsSecretsOfItsConfigurationOutOfCommandLineAndText() {
        ProviderConfig config = configWithSecret(SECRET);
        assumeTrue(config != null, "skipped: configWithSecret() gives no configuration");
        if (config != null) {
            assertThat(launchWithoutSecret(factory().create(config), spec().build())
                            .environment())
                    .containsValue(SECRET);
        }
    }

    private static Launch launchWithoutSecret(AgentProvider provider, SessionSpec spec) {
        provider.check(spec);
        Launch launch = provider.launch(request(spec, LaunchRequest.Mode.NEW));

        assertThat(String.join(" ", launch.command())).doesNotContain(SECRET);
        assertThat(launch.toString() + provider).doesNotContain(SECRET);
        return launch;
    }

    @Test
    void doesNotInheritEverything() {
        Launch launch = provider().launch(request(spec().build(), LaunchRequest.Mode.NEW));

        assertThat(launch.inherit()).doesNotContain("*").noneMatch(name -> name.startsWith("HOTPLEX"));
    }

    @Test
    void namesTheConversationWhenItMay() {
        AgentProvider provider = provider();
        LaunchRequest fresh = request(spec().build(), LaunchRequest.Mode.NEW);
        LaunchRequest resumed = request(spec().build(), LaunchRequest.Mode.RESUME);
        if (provider.capabilities().contains(Capability.CHOSEN_SESSION_ID)) {
            assertThat(said(provider, fresh)).contains(fresh.start().agentSessionId());
        }
        if (provider.capabilities().contains(Capability.RESUME)) {
            assertThat(said(provider, resumed)).contains(resumed.start().agentSessionId());
        }
    }

    @Test
    void branchesTheConversationThatItIsTold() {
        AgentProvider provider = provider();
        assumeTrue(provider.capabilities().contains(Capability.FORK), "skipped: FORK is not claimed");
        LaunchRequest fork = request(spec().build(), LaunchRequest.Mode.FORK);
        String said = said(provider, fork);

        assertThat(said).contains(String.valueOf(fork.start().forkedFrom()));
        if (provider.capabilities().contains(Capability.CHOSEN_SESSION_ID)) {
            assertThat(said).contains(fork.start().agentSessionId());
        }
    }

    private String said(AgentProvider provider, LaunchRequest request) {
        Launch launch = provider.launch(request);
        ProtocolDriver driver = new ProtocolDriver(launch.protocol(), peer()).start();
        return String.join(" ", launch.command())
                + String.join(" ", driver.sink().sent());
    }

    @Test
    void givesEveryProcessAProtocolOfItsOwn() {
        AgentProvider provider = provider();
        LaunchRequest request = request(spec().build(), LaunchRequest.Mode.NEW);

        assertThat(provider.launch(request).protocol())
                .isNotSameAs(provider.launch(request).protocol());
    }

    @Test
    void getsReadyOnceAndWithoutAPrompt() {
        assertThat(started().sink().of(RecordingSink.Ready.class)).hasSize(1);
    }

    @Test
    void endsEveryPromptExactlyOnce() {
        ProtocolDriver driver = started();
        for (int i = 0; i < 3; i++) {
            String turn = driver.prompt("hello " + i);

            assertThat(driver.sink().ends(turn)).hasSize(1);
            assertThat(driver.sink().ends(turn).get(0).outcome()).isEqualTo(Outcome.COMPLETED);
        }
        assertThat(driver.sink().ends()).hasSize(3);
    }

    @Test
    void endsAnInterruptedTurn() {
        ProtocolDriver driver = started();
        assumeTrue(provider().capabilities().contains(Capability.INTERRUPT));
        String turn = driver.prompt(AgentPeer.HANG);
        assertThat(driver.sink().ends(turn)).isEmpty();
        driver.interrupt();

        assertThat(driver.sink().ends(turn)).hasSize(1);
        assertThat(driver.sink().ends(turn).get(0).outcome()).isEqualTo(Outcome.INTERRUPTED);
        assertThat(driver.sink().ends(driver.prompt("after"))).hasSize(1);
    }

    @Test
    void takesAnInterruptWhileNothingRuns() {
        ProtocolDriver driver = started();
        driver.interrupt();

        assertThat(driver.sink().ends()).isEmpty();
        assertThat(driver.sink().ends(driver.prompt("after"))).hasSize(1);
    }

    @Test
    void steersOnlyWhenItSaysSo() {
        ProtocolDriver driver = started();
        boolean can = provider().capabilities().contains(Capability.STEER);
        driver.prompt(AgentPeer.HANG);
        String steered = UUID.randomUUID().toString();
        boolean taken = driver.protocol().steer(steered, Prompt.of("more"), driver.sink());

        assertThat(taken)
                .as("a prompt is taken into a running turn; STEER is claimed: %s", can)
                .isEqualTo(can);
        driver.settle();
        driver.interrupt();
        assertThat(driver.sink().ends(steered)).hasSize(taken ? 1 : 0);
    }

    @Test
    void asksForPermissionAndTakesOneAnswer() {
        ProtocolDriver driver = started();
        assumeTrue(provider().capabilities().contains(Capability.PERMISSIONS));
        String turn = driver.prompt(AgentPeer.ASK);
        List<AgentEvent.PermissionRequested> asked = driver.sink().events(AgentEvent.PermissionRequested.class);
        assertThat(asked).hasSize(1);
        String request = asked.get(0).requestId();
        driver.protocol().answer("no-such-request", PermissionAnswer.allow(), driver.sink());
        driver.protocol().answer(request, PermissionAnswer.allow(), driver.sink());
        driver.settle();
        int sent = driver.sink().sent().size();
        driver.protocol().answer(request, PermissionAnswer.deny("too late"), driver.sink());

        assertThat(driver.sink().sent()).hasSize(sent);
        assertThat(driver.sink().ends(turn)).hasSize(1);
    }

    @Test
    void asksQuestionsAndTakesTheAnswers() {
        String prompt = questionPrompt();
        boolean can = provider().capabilities().contains(Capability.QUESTIONS);
        assumeTrue(prompt != null, "skipped: questionPrompt() gives no prompt; QUESTIONS is claimed: " + can);
        ProtocolDriver driver = started();
        String turn = driver.prompt(String.valueOf(prompt));
        List<AgentEvent.QuestionAsked> asked = driver.sink().events(AgentEvent.QuestionAsked.class);
        assertThat(asked).hasSize(can ? 1 : 0);
        if (can) {
            AgentEvent.QuestionAsked question = asked.get(0);
            assertThat(question.questions()).isNotEmpty();
            assertThat(driver.sink().ends(turn)).isEmpty();
            String text = question.questions().get(0).question();
            driver.protocol()
                    .answerQuestion(question.requestId(), Map.of(text, List.of("contract-answer")), driver.sink());
            List<String> sent = driver.sink().sent();

            assertThat(sent.get(sent.size() - 1)).contains("contract-answer");
            assertThat(driver.settle().sink().ends(turn)).hasSize(1);
        }
    }

    @Test
    void takesImagesWhenItSaysSo() {
        assumeTrue(provider().capabilities().contains(Capability.IMAGES), "skipped: IMAGES is not claimed");
        byte[] image = {(byte) 0x89, 'P', 'N', 'G', 1, 2, 3};
        Prompt prompt = Prompt.builder("look")
                .attach(new Attachment("a.png", "image/png", image))
                .build();
        ProtocolDriver driver = started();
        String turn = UUID.randomUUID().toString();
        driver.protocol().prompt(turn, prompt, driver.sink());

        assertThat(driver.sink().sent()).anyMatch(line -> carriesImage(line, image));
        driver.settle();
        assertThat(driver.sink().ends(turn)).hasSize(1);
        assertThat(driver.sink().ends(turn).get(0).outcome()).isEqualTo(Outcome.COMPLETED);
    }

    @Test
    void reportsEveryCommandOnce() {
        ProtocolDriver driver = started();
        driver.protocol().setModel("model", "some-model", driver.sink());
        driver.protocol().setPermissionMode("mode", "default", driver.sink());
        driver.settle();

        List<RecordingSink.CommandEnded> ended = driver.sink().of(RecordingSink.CommandEnded.class);
        assertThat(ended).extracting(RecordingSink.CommandEnded::commandId).containsExactlyInAnyOrder("model", "mode");
        for (RecordingSink.CommandEnded command : ended) {
            Capability capability =
                    command.commandId().equals("model") ? Capability.SET_MODEL : Capability.SET_PERMISSION_MODE;
            assertThat(command.error() == null)
                    .as(command.toString())
                    .isEqualTo(provider().capabilities().contains(capability));
        }
    }

    @Test
    void keepsLinesThatItDoesNotKnow() {
        ProtocolDriver driver = started();
        driver.receive(AgentLine.of("{\"type\":\"contract_future_type\",\"x\":1}"));
        driver.receive(AgentLine.of("not of this protocol"));

        assertThat(driver.sink().events(AgentEvent.Raw.class))
                .extracting(AgentEvent.Raw::line)
                .containsExactly("{\"type\":\"contract_future_type\",\"x\":1}", "not of this protocol");
    }

    @Test
    void keepsWorkingWhateverLinesCome() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        ProtocolDriver driver = started();
        AgentProtocol protocol = driver.protocol();
        assertThatCode(() -> {
                    for (int i = 0; i < RANDOM_LINES; i++) {
                        byte[] bytes = new byte[random.nextInt(200)];
                        random.nextBytes(bytes);
                        protocol.receive(
                                new AgentLine(bytes, 0, bytes.length, random.nextInt(10) == 0), new RecordingSink());
                    }
                    for (String line : odd()) {
                        protocol.receive(AgentLine.of(line), new RecordingSink());
                    }
                })
                .as("seed %d", seed)
                .doesNotThrowAnyException();

        assertThat(driver.sink().ends(driver.prompt("after"))).hasSize(1);
    }

    private static List<String> odd() {
        return List.of(
                "",
                " ",
                "{}",
                "[]",
                "null",
                "{",
                "\"text\"",
                "\0\0\0\0",
                "{\"type\":null}",
                "{\"type\":{}}",
                "[".repeat(100_000),
                "{\"a\":".repeat(100_000),
                "{\"type\":\"" + "x".repeat(5_000_000) + "\"}");
    }

    @Test
    void judgesEveryExit() {
        List<List<String>> tails =
                List.of(List.of(), List.of(""), List.of("Error: x"), Collections.nCopies(20, "x".repeat(10_000)));
        for (List<String> tail : tails) {
            for (ExitStatus exit : List.of(
                    new ExitStatus(0, null),
                    new ExitStatus(1, null),
                    new ExitStatus(null, 9),
                    new ExitStatus(null, null))) {
                assertThat(started().protocol().exited(exit, tail)).isNotNull();
            }
        }
    }
}
