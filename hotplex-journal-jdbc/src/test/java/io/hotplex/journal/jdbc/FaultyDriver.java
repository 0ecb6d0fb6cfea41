package io.hotplex.journal.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Stands in the place of SQLite's driver and lets writes fail as a test says, without any file system that does.
 * Closing it gives the place back. Thread-safe.
 */
final class FaultyDriver implements Driver, AutoCloseable {
    /** Codes of SQLite. */
    static final int IO_ERROR = 10;

    static final int FULL = 13;

    private final Driver driver;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile Fault fault = Fault.NONE;
    private volatile Question asked = sql -> sql;

    /** When a write fails. */
    enum Point {
        /** A question fails, as whose the journal is. */
        QUERY,
        /** A statement fails, and nothing is written. */
        STATEMENT,
        /** The commit fails, and nothing is written. */
        COMMIT,
        /** The commit succeeds, and its answer is lost. */
        AFTER_COMMIT
    }

    /** What is wrong at the moment. */
    interface Fault {
        Fault NONE = point -> 0;

        /** The code with which it fails here, or 0. */
        int at(Point point);
    }

    /** What is asked in the place of a question, whose answer is then another one; or how it fails. */
    interface Question {
        String instead(String sql) throws SQLException;
    }

    private FaultyDriver(Driver driver) {
        this.driver = driver;
    }

    static FaultyDriver install() throws SQLException {
        Driver original = DriverManager.getDriver("jdbc:sqlite::memory:");
        DriverManager.deregisterDriver(original);
        FaultyDriver faulty = new FaultyDriver(original);
        DriverManager.registerDriver(faulty);
        return faulty;
    }

    void set(Fault next) {
        fault = next;
    }

    void ask(Question next) {
        asked = next;
    }

    /** How often something failed so far. */
    int failures() {
        return failures.get();
    }

    @Override
    public void close() throws SQLException {
        DriverManager.deregisterDriver(this);
        DriverManager.registerDriver(driver);
    }

    private void fail(Point point) throws SQLException {
        int code = fault.at(point);
        if (code != 0) {
            failures.incrementAndGet();
            throw new SQLException("planted: " + point, "", code);
        }
    }

    @Override
    public @Nullable Connection connect(String url, Properties info) throws SQLException {
        Connection real = driver.connect(url, info);
        return real == null
                ? null
                : proxy(Connection.class, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "commit" -> {
                            fail(Point.COMMIT);
                            real.commit();
                            fail(Point.AFTER_COMMIT);
                            return null;
                        }
                        case "prepareStatement" -> {
                            instead(arguments);
                            return statement((PreparedStatement) Objects.requireNonNull(call(real, method, arguments)));
                        }
                        case "createStatement" -> {
                            return question((Statement) Objects.requireNonNull(call(real, method, arguments)));
                        }
                        default -> {
                            return call(real, method, arguments);
                        }
                    }
                });
    }

    private PreparedStatement statement(PreparedStatement real) {
        return proxy(PreparedStatement.class, (proxy, method, arguments) -> {
            if (method.getName().equals("executeBatch") || method.getName().equals("executeUpdate")) {
                fail(Point.STATEMENT);
            }
            return call(real, method, arguments);
        });
    }

    private Statement question(Statement real) {
        return proxy(Statement.class, (proxy, method, arguments) -> {
            if (method.getName().equals("executeQuery")) {
                fail(Point.QUERY);
                instead(arguments);
            }
            return call(real, method, arguments);
        });
    }

    private void instead(Object @Nullable [] arguments) throws SQLException {
        Object[] given = Objects.requireNonNull(arguments);
        given[0] = asked.instead((String) given[0]);
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(FaultyDriver.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object call(Object real, Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Override
    public boolean acceptsURL(String url) throws SQLException {
        return driver.acceptsURL(url);
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) throws SQLException {
        return driver.getPropertyInfo(url, info);
    }

    @Override
    public int getMajorVersion() {
        return driver.getMajorVersion();
    }

    @Override
    public int getMinorVersion() {
        return driver.getMinorVersion();
    }

    @Override
    public boolean jdbcCompliant() {
        return driver.jdbcCompliant();
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getGlobal();
    }
}
