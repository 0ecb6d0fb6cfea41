module consumer {
    requires io.hotplex.core;
}
