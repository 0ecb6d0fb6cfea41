/** Tests of the fake model server, over HTTP. */
@NullMarked
package io.hotplex.testkit.model;

import org.jspecify.annotations.NullMarked;
