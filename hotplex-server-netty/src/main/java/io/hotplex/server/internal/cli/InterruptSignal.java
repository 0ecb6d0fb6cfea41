package io.hotplex.server.internal.cli;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Objects;

/**
 * Ctrl-C, and requests to end. The only way to hear of them without the JVM going down is {@code sun.misc.Signal},
 * which every JDK has in {@code jdk.unsupported}; compiling against it draws a warning that cannot be switched off, so
 * it is looked up.
 */
final class InterruptSignal {
    private InterruptSignal() {}

    /**
     * Calls {@code action}, on a thread of its own, whenever the user presses Ctrl-C.
     *
     * @return {@code false} when this JVM does not allow it; then Ctrl-C ends the JVM as usual
     */
    static boolean handle(Runnable action) {
        return handle("INT", action);
    }

    /** The same for another signal, such as {@code TERM}: the JVM then does not end by itself. */
    @CanIgnoreReturnValue
    static boolean handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    InterruptSignal.class.getClassLoader(), new Class<?>[] {handler}, calling(action));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    private static InvocationHandler calling(Runnable action) {
        return (proxy, method, arguments) -> {
            switch (method.getName()) {
                case "handle" -> action.run();
                case "equals" -> {
                    return proxy == Objects.requireNonNull(arguments)[0];
                }
                case "hashCode" -> {
                    return System.identityHashCode(proxy);
                }
                default -> {
                    return "InterruptSignal";
                }
            }
            return null;
        };
    }
}
