package io.hotplex.testkit.agent;

import java.util.Optional;

/**
 * Which fault strikes when.
 *
 * @param argument empty for the fault's default
 * @param times how many processes that share a state directory it strikes; 0 for all of them
 */
record FaultPlan(Fault fault, FaultPoint point, Optional<String> argument, long times) {
    static FaultPlan from(AgentArguments arguments) {
        return new FaultPlan(
                arguments.value("fault").map(Fault::of).orElse(Fault.NONE),
                arguments.value("at").map(FaultPoint::of).orElse(FaultPoint.STARTING),
                arguments.value("fault-arg"),
                arguments.number("fault-times", 0));
    }

    long number(long fallback) {
        return argument.map(Long::parseLong).orElse(fallback);
    }
}
