@NullMarked
package io.hotplex.os;

import org.jspecify.annotations.NullMarked;
