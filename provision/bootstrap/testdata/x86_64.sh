#!/bin/sh
# runfleet: makes this machine a runner, at its first boot.
machine='x86_64'
home='/opt/runfleet'
user='runner'
agent_url='https://bucket.example/runfleet-agent-x64'
agent_sha256='a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'
runner='/opt/runfleet/runner-2.336.0'
runner_url='https://github.com/actions/runner/releases/download/v2.336.0/actions-runner-linux-x64-2.336.0.tar.gz'
runner_sha256='b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2'
settings='{"v":1,"poll":"5s","job":"6h15m0s","reports":"https://sqs.us-east-1.amazonaws.com/123456789012/runfleet-reports","runner":"/opt/runfleet/runner-2.336.0","user":"runner"}'
patience='900'

set -eu
root=${RUNFLEET_ROOT-} # stands before every path, for tests; empty on a machine
agent=$root$home/runfleet-agent
runner=$root$runner

say() { echo "runfleet: $*"; }
has() { command -v "$1" >/dev/null 2>&1; }

# Whatever happens, the machine ends: the launch template makes a power-off its
# end, or the stop of one that stays, and until then it costs money.
off() {
  say "powering off: $1"
  poweroff || systemctl poweroff --force || shutdown -P now
}
trap 'off "the user data ended with $?"' EXIT

# It may not hang either.
(
  sleep "$patience" >/dev/null 2>&1
  off "the user data took more than $patience s"
) &
watchdog=$!

# again COMMAND...: six tries. Package managers hold locks while a machine
# boots, and networks are slow to come.
again() {
  for pause in 1 2 4 8 16; do
    "$@" && return
    sleep "$pause"
  done
  "$@"
}

# install PACKAGE...: from the distribution.
install() {
  say "installing $*"
  if has dnf; then
    again dnf install -y -q "$@"
  else
    export DEBIAN_FRONTEND=noninteractive
    again apt-get update -qq
    again apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
  fi
}

# same SHA256 FILE: is it that file?
same() { echo "$1  $2" | sha256sum -c - >/dev/null 2>&1; }

# fetch URL SHA256 FILE
fetch() {
  if [ -z "$1" ]; then
    say "the image lacks $3"
    return 1
  fi
  say "fetching $1"
  again curl -fsSL --proto '=https' --connect-timeout 10 --max-time 300 -o "$3.part" "$1"
  same "$2" "$3.part" || {
    say "checksum of $1 is not $2"
    return 1
  }
  mv "$3.part" "$3"
}

[ "$(uname -m)" = "$machine" ] || {
  say "this is no $machine machine"
  exit 1
}

missing=
for tool in curl tar gzip git; do
  has "$tool" || missing="$missing $tool"
done
if ! has ip; then
  if has dnf; then missing="$missing iproute"; else missing="$missing iproute2"; fi
fi
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086 # each is a word of its own
  install ca-certificates $missing
fi

id -u "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
uid=$(id -u "$user")

mkdir -p "$root$home" "$root/etc/runfleet"
if [ ! -x "$agent" ] || { [ -n "$agent_sha256" ] && ! same "$agent_sha256" "$agent"; }; then
  fetch "$agent_url" "$agent_sha256" "$agent"
  chmod 755 "$agent"
fi
if [ ! -d "$runner" ]; then
  fetch "$runner_url" "$runner_sha256" "$runner.tar.gz"
  rm -rf "$runner.part"
  mkdir "$runner.part"
  tar -xzf "$runner.tar.gz" -C "$runner.part"
  rm "$runner.tar.gz"
  mv "$runner.part" "$runner"
fi

# What the runner needs of the system. Its own script does not know Amazon
# Linux, where libicu is all that the image lacks.
if ! ldconfig -p | grep -q libicuuc; then
  if has dnf; then
    install libicu
  else
    again "$runner/bin/installdependencies.sh"
  fi
fi

chown -R "$user:" "$runner"
printf '%s\n' "$settings" >"$root/etc/runfleet/agent.json"

# closed: the metadata service is, to the runner's user. Before any other rule,
# and as one of the kernel's: networkd takes others away whenever it starts.
closed="priority 1 to 169.254.169.254/32 uidrange $uid-$uid protocol kernel prohibit"

if [ -d "$root/run/systemd/system" ]; then
  # A machine that stays has later boots, which are the unit's alone: this
  # script runs at the first one. The network is up before it and down after it,
  # so that the runner can tell GitHub when it goes.
  # OOMPolicy: a job that eats the memory loses a process, not its machine.
  cat >"$root/etc/systemd/system/runfleet-agent.service" <<UNIT
[Unit]
Description=runfleet agent: runs GitHub's runner, then powers off
Wants=network-online.target
After=network-online.target
SuccessAction=poweroff
FailureAction=poweroff

[Service]
ExecStartPre=-ip rule del $closed
ExecStartPre=ip rule add $closed
ExecStart=$agent /etc/runfleet/agent.json
KillMode=mixed
TimeoutStopSec=60
OOMPolicy=continue
TasksMax=infinity
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
UNIT
  # Ubuntu restarts services whose libraries were upgraded, in the middle of a
  # job if it must be.
  if [ -d "$root/etc/needrestart/conf.d" ]; then
    # shellcheck disable=SC2016 # it is Perl
    echo '$nrconf{override_rc}{qr(^runfleet-agent\.service$)} = 0;' >"$root/etc/needrestart/conf.d/runfleet.conf"
  fi
  systemctl daemon-reload
  systemctl enable --quiet runfleet-agent.service
  systemctl start --no-block runfleet-agent.service
  kill "$watchdog"
  trap - EXIT
else
  # shellcheck disable=SC2086 # each is a word of its own
  ip rule del $closed 2>/dev/null || true
  # shellcheck disable=SC2086
  ip rule add $closed
  kill "$watchdog"
  "$agent" "$root/etc/runfleet/agent.json"
fi
