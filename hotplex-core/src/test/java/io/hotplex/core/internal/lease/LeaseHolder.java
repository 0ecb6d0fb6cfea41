package io.hotplex.core.internal.lease;

import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Another JVM: takes a lease, writes {@code held} or the error's code, and stays until its input ends. */
final class LeaseHolder {
    private LeaseHolder() {}

    public static void main(String[] args) throws IOException {
        try {
            Lease lease = SessionLeases.acquire(Path.of(args[0]), args[1]);
            say("held");
            while (System.in.read() >= 0) {
                // hold on
            }
            lease.close();
        } catch (HotPlexException e) {
            say(e.code().name());
        }
    }

    private static void say(String line) {
        System.out.writeBytes((line + "\n").getBytes(StandardCharsets.US_ASCII));
        System.out.flush();
    }
}
