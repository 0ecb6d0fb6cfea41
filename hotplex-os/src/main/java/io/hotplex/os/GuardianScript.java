package io.hotplex.os;

import java.util.List;

/**
 * What the guardian runs: a shell script for any POSIX shell, so that nothing has to be compiled, unpacked or
 * installed.
 *
 * <p>It reads lines: {@code + GROUP} remembers a process group, {@code - GROUP} forgets it, {@code k SIGNAL GROUP}
 * signals one, {@code q} ends it. At the end of its input, which comes whatever kills the JVM, it kills the groups,
 * then everything that carries the run's marks, until three looks find nothing. Other lines mean nothing to it, and no
 * line can make it signal groups 0 and 1: those would be its own, and everybody.
 */
final class GuardianScript {
    private static final String SCRIPT = """
            trap '' HUP INT TERM QUIT PIPE
            mark=$1 limit=$2 groups=' '
            group() {
              case $1 in ''|*[!0-9]*|0*|1|???????????*) return 1 ;; esac
            }
            alive() {
              case $s in
                '') return 1 ;;
                *') Z '*) set -- ${s##*) }; [ "${18:-0}" -gt 1 ] ;;
              esac
            }
            while IFS=' ' read -r op a b rest; do
              case $op in
                +) group "$a" && [ -z "$b$rest" ] && groups="$groups$a " ;;
                -) group "$a" && [ -z "$b$rest" ] && case $groups in
                     *" $a "*) groups="${groups%%" $a "*} ${groups#*" $a "}" ;;
                   esac ;;
                k) case $a in
                     TERM|KILL) group "$b" && [ -z "$rest" ] && kill -s "$a" -- "-$b" 2>/dev/null ;;
                   esac ;;
                q) [ -z "$a" ] && exit 0 ;;
              esac
            done
            for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
            quiet=0 looks=0
            while [ $quiet -lt 3 ] && [ $looks -lt 300 ]; do
              looks=$((looks+1)) hit=
              if [ -r /proc/self/stat ]; then
                set -- $( {
                  grep -las "$mark=" /proc/[0-9]*/environ
                  grep -ls "^Max file locks  *$limit[0-9][0-9][0-9][0-9][0-9][0-9] " /proc/[0-9]*/limits
                } 2>/dev/null)
                for f do
                  p=${f#/proc/} p=${p%%/*} s=
                  [ "$p" = $$ ] && continue
                  { read -r s < "/proc/$p/stat"; } 2>/dev/null
                  alive && kill -s KILL -- "$p" 2>/dev/null && hit=1
                done
              else
                for p in $(ps -axwwE -o pid=,command= 2>/dev/null | grep "$mark=" | grep -v grep | awk '{print $1}'); do
                  [ "$p" = $$ ] || { kill -s KILL -- "$p" 2>/dev/null && hit=1; }
                done
              fi
              if [ -n "$hit" ]; then quiet=0; else quiet=$((quiet+1)); sleep 0.05 2>/dev/null || sleep 1; fi
            done
            """;

    private GuardianScript() {}

    /** A command that runs it. */
    static List<String> command(String shell, RunMarker marker) {
        return List.of(shell, "-c", SCRIPT, "hotplex-guardian", marker.variable(), Long.toString(marker.run()));
    }
}
