/** The program as it is installed: start script, jars, gateway, page. */
@NullMarked
package io.hotplex.distribution;

import org.jspecify.annotations.NullMarked;
