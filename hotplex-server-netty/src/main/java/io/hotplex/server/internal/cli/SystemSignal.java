package io.hotplex.server.internal.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Objects;

/**
 * A signal of the operating system. The only way to hear of one without the JVM going down is {@code sun.misc.Signal},
 * which every JDK has in {@code jdk.unsupported}; compiling against it draws a warning that cannot be switched off, so
 * it is looked up.
 */
final class SystemSignal {
    private SystemSignal() {}

    /**
     * Calls {@code action}, on a thread of its own, whenever the signal comes. Where this JVM does not allow it, or the
     * system does not know the signal, the JVM does as usual.
     *
     * @param name such as {@code TERM}
     */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    SystemSignal.class.getClassLoader(), new Class<?>[] {handler}, calling(action));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (ReflectiveOperationException e) {
            // the signal ends the JVM, as it does by itself
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
                    return "SystemSignal";
                }
            }
            return null;
        };
    }
}
