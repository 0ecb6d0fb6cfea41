#!/bin/sh
# As much of an agent as a consumer needs: ready, one answer, one crash that tells a secret.
while IFS= read -r line; do
    case $line in
        *'"control_request"'*)
            id=$(printf '%s' "$line" | sed 's/.*"request_id" *: *"\([^"]*\)".*/\1/')
            echo '{"type":"control_response","response":{"subtype":"success","request_id":"'"$id"'","response":{"version":"1.0.0"}}}'
            ;;
        *'"text":"crash'* | *'"content":"crash'*)
            echo "the secret is $PLANTED" >&2
            exit 3
            ;;
        *'"type":"user"'*)
            echo '{"type":"result","subtype":"success","is_error":false,"result":"forty-two"}'
            ;;
    esac
done
