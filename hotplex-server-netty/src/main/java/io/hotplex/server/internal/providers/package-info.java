/** The types of providers that there are: those of the installation, and those that were dropped in as jars. */
@NullMarked
package io.hotplex.server.internal.providers;

import org.jspecify.annotations.NullMarked;
