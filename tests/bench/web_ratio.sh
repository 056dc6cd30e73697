#!/bin/sh
# Requests a second over TLS with 64 connections kept alive: ours against nginx serving the same bytes from a file.
# Usage: web_ratio.sh BUILD_FOLDER [SECONDS]; needs nginx, wrk, curl. One JSON line each; machines differ, the ratio is what counts.
set -eu
build=$1
seconds=${2:-4}
work=$(mktemp -d)
ours=0
trap 'kill $ours 2>/dev/null || true; [ -f "$work/pid" ] && kill "$(cat "$work/pid")"; rm -rf "$work"' EXIT

chmod 755 "$work" # nginx serves the files as another user
mkdir "$work/files"
printf 'access: {view: open}\n' > "$work/site.yaml"
"$build/tests/bench/web_bench" --state "$work" --site "$work/site.yaml" --change-ms 100 --change-count 10 > "$work/ready" &
ours=$!
until grep -q ready "$work/ready"; do sleep 0.1; done
port=$(sed 's/.*https=\([0-9]*\).*/\1/' "$work/ready")
small='path=meter-1/phase-a/*&path=meter-1/phase-b/v*&path=meter-1/phase-b/c*'
curl -sk "https://127.0.0.1:$port/api/v1/points" > "$work/files/large"
curl -sk "https://127.0.0.1:$port/api/v1/points?$small" > "$work/files/small"
cat > "$work/nginx.conf" <<END
worker_processes 1;
pid $work/pid;
error_log $work/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  sendfile on;
  server {
    listen 127.0.0.1:$((port ^ 1)) ssl;
    ssl_certificate $work/tls.crt;
    ssl_certificate_key $work/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    root $work/files;
  }
}
END
nginx -c "$work/nginx.conf" 2>/dev/null
curl -skf "https://127.0.0.1:$((port ^ 1))/large" | cmp - "$work/files/large"

rate() {
  wrk -t2 -c64 -d"${seconds}s" "$1" | awk '/Requests\/sec/ {print $2}'
}
for size in large small; do
  query=$([ $size = small ] && echo "?$small" || true)
  theirs=$(rate "https://127.0.0.1:$((port ^ 1))/$size")
  own=$(rate "https://127.0.0.1:$port/api/v1/points$query")
  bytes=$(wc -c < "$work/files/$size")
  awk -v bytes="$bytes" -v own="$own" -v theirs="$theirs" 'BEGIN {
    printf "{\"bench\":\"web tls\",\"bytes\":%d,\"requests_s\":%.0f,\"nginx_requests_s\":%.0f,\"ratio\":%.2f}\n", bytes, own, theirs, own / theirs }'
done
