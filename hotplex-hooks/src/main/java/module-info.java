import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.hooks.internal.audit.AuditHookFactory;
import io.hotplex.hooks.internal.log.LogHookFactory;
import io.hotplex.hooks.internal.slack.SlackHookFactory;
import io.hotplex.hooks.internal.webhook.WebhookFactory;
import org.jspecify.annotations.NullMarked;

/** Hooks: what happens in sessions, told to the world. */
@NullMarked
module io.hotplex.hooks {
    requires transitive io.hotplex.api;
    requires com.fasterxml.jackson.databind;
    requires okhttp3;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    exports io.hotplex.hooks;

    uses EventHookFactory;

    provides EventHookFactory with
            AuditHookFactory,
            LogHookFactory,
            SlackHookFactory,
            WebhookFactory;
}
