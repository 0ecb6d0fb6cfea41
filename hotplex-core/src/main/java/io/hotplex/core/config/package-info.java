/** Typed settings: keys, tables of keys, and values, for whoever has settings. */
@NullMarked
package io.hotplex.core.config;

import org.jspecify.annotations.NullMarked;
