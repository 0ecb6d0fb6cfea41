package io.hotplex.core.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestsTest {
    private final Requests requests = new Requests(1);

    private static PermissionRequested request(String id) {
        return new PermissionRequested(id, null, "Bash", Map.of(), "", List.of());
    }

    @Test
    void whatAnEarlierEngineLeftTakesNoPlaceOfWhatTheAgentWaitsFor() {
        requests.restore(request("left1"));
        requests.restore(request("left2"));

        assertThat(requests.add(request("a"))).isTrue();
        assertThat(requests.add(request("b"))).isFalse();
        assertThat(requests.list()).hasSize(3);
    }

    @Test
    void nothingIsTakenOnceTheEngineEndsAndItStaysForTheNext() {
        requests.add(request("a"));
        requests.leave();

        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> requests.take("a", PermissionRequested.class, "allowed"))
                .extracting(HotPlexException::code)
                .isEqualTo(ErrorCode.ENGINE_CLOSED);
        assertThat(requests.list()).hasSize(1);
    }
}
