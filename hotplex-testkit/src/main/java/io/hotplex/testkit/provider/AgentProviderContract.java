package io.hotplex.testkit.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.AgentEvent;
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
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * What every provider must do. Extend it in the provider's tests and supply the factory, a configuration whose program
 * exists, and the agent's side of the protocol.
 */
public abstract class AgentProviderContract {
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
    void isNamedAlikeInModuleInfoAndServicesFile() throws IOException, URISyntaxException {
        Class<?> type = factory().getClass();
        Path root =
                Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        assumeTrue(Files.isDirectory(root), "packaged");
        try (InputStream descriptor = Files.newInputStream(root.resolve("module-info.class"))) {
            List<String> services = Files.readAllLines(
                    root.resolve("META-INF/services/" + AgentProviderFactory.class.getName()), StandardCharsets.UTF_8);

            assertThat(ModuleDescriptor.read(descriptor).provides())
                    .filteredOn(provides -> provides.service().equals(AgentProviderFactory.class.getName()))
                    .flatExtracting(ModuleDescriptor.Provides::providers)
                    .containsExactlyInAnyOrderElementsOf(services)
                    .contains(type.getName());
        }
    }

    @Test
    void keepsTheNameOfItsInstance() {
        ProviderConfig named = ProviderConfig.of("other-name", factory().type(), Map.of());

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
        AgentProvider provider = factory().create(config().with("environment.CONTRACT_KEY", SECRET));
        SessionSpec spec = spec().environment("CONTRACT_TOKEN", SECRET + "2").build();
        provider.check(spec);
        Launch launch = provider.launch(request(spec, LaunchRequest.Mode.NEW));

        assertThat(String.join(" ", launch.command())).doesNotContain(SECRET);
        assertThat(launch.toString() + provider).doesNotContain(SECRET);
        assertThat(launch.environment())
                .containsEntry("CONTRACT_KEY", SECRET)
                .containsEntry("CONTRACT_TOKEN", SECRET + "2");
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

        assertThat(taken && !can).isFalse();
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
        long seed = new Random().nextLong();
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
