#!/bin/sh
# The whole service from a shell. Needs curl, and three variables: URL (http://127.0.0.1:4400), TOKEN (a player's token:
# `codecraft-live token --player 7`) and SERVICE_TOKEN (`codecraft-live token --service platform`).
# `test/examples/curl.test.ts` runs this file.
set -eu
json='Content-Type: application/json'

# Who am I, and how much is unread?
curl -fsS "$URL/notifications/counts" -H "Authorization: Bearer $TOKEN"; echo

# A stream of everything that is kept for the player, for two seconds: curl ends with 28 when its time is over.
stream() { curl -sS -N --max-time 2 "$@" || [ $? -eq 28 ]; }
first=$(stream "$URL/streams/players/me?lastEventId=earliest" -H "Authorization: Bearer $TOKEN")
printf '%s\n' "$first"

# The cursor is the id of the last frame: everything after it comes with the next connection.
cursor=$(printf '%s\n' "$first" | sed -n 's/^id: //p' | tail -n 1)

# Publish for the player whose stream it is. 201: the event is durable. The same key again: 200, and the first answer.
player=$(printf '%s\n' "$first" | sed -n 's/.*"scopes":\["player:\([0-9]*\)"\].*/\1/p' | head -n 1)
body='{"type":"ACHIEVEMENT","data":{"playerId":'$player',"achievement":"shell","name":"Spoke to the service"},"idempotencyKey":"achievement:'$player':shell"}'
for _ in 1 2; do
  curl -sS -o /dev/null -w '%{http_code}\n' "$URL/events" -H "Authorization: Bearer $SERVICE_TOKEN" -H "$json" -d "$body"
done

# Resume with a ticket, as an EventSource does that cannot send headers: the achievement, once.
ticket=$(curl -fsS "$URL/tickets" -H "Authorization: Bearer $TOKEN" -H "$json" -d '{"scopes":["player:me"]}' |
  sed 's/.*"ticket":"\([^"]*\)".*/\1/')
stream "$URL/streams/players/me?ticket=$ticket" -H "Last-Event-ID: $cursor"

# The inbox, and everything in it marked as read.
curl -fsS "$URL/notifications?limit=5" -H "Authorization: Bearer $TOKEN"; echo
curl -fsS "$URL/notifications/read" -H "Authorization: Bearer $TOKEN" -H "$json" -d '{"throughId":9007199254740991}'; echo
