package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The lines between protocol and transport. Stateless.
 *
 * <pre>
 * to the transport
 *   {"request":"r1","method":"POST","path":"/session","body":{…}}   make a request; one of a session after the other
 *   {"attach":"ses_…"}                                              events of this conversation are ours
 *   {"turn":true}, {"turn":false}                                   a turn begins, or ended
 *   {"leave":true}                                                  there is nothing more to do here
 * from the transport
 *   {"response":"r1","status":200,"body":…}                         the answer; the body only where it is JSON
 *   {"response":"r1","failure":"…"}                                 there was none
 *   {"notice":"resync"}                                             events may be missing before this line
 *   {"notice":"retired"}                                            the server was taken out of service while nothing ran
 *   {"directory":…,"payload":{"type":…,"properties":{…}}}           an event, as the server wrote it
 * </pre>
 */
final class Lines {
    private Lines() {}

    static byte[] request(String id, String method, String path, @Nullable ObjectNode body) {
        ObjectNode line =
                OpenCodeJson.object().put("request", id).put("method", method).put("path", path);
        if (body != null) {
            line.set("body", body);
        }
        return OpenCodeJson.line(line);
    }

    static byte[] attach(String sessionId) {
        return OpenCodeJson.line(OpenCodeJson.object().put("attach", sessionId));
    }

    static byte[] turn(boolean runs) {
        return OpenCodeJson.line(OpenCodeJson.object().put("turn", runs));
    }

    static byte[] leave() {
        return OpenCodeJson.line(OpenCodeJson.object().put("leave", true));
    }

    /** @param body what the server sent; left out when it is no JSON, so that it cannot break the line */
    static byte[] response(String id, int status, byte[] body) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(body.length + 64);
        line.writeBytes(utf8("{\"response\":\"" + id + "\",\"status\":" + status));
        if (body.length > 0 && OpenCodeJson.value(body) != null) {
            line.writeBytes(utf8(",\"body\":"));
            line.writeBytes(body);
        }
        line.writeBytes(utf8("}"));
        return line.toByteArray();
    }

    static byte[] failure(String id, String what) {
        return utf8(
                OpenCodeJson.object().put("response", id).put("failure", what).toString());
    }

    static byte[] notice(String what) {
        return utf8("{\"notice\":\"" + what + "\"}");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
