package io.hotplex.testkit.provider;

import org.junit.jupiter.api.Timeout;

/** A provider that knows no more than what is written passes. */
@Timeout(60)
class ToyContractTest extends ToyContract {
    ToyContractTest() {
        super(new ToyProviderFactory());
    }
}
