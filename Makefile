# The project's few rituals. Each does its own set-up: Go fetches the modules.
# In inputs, not in seconds: a deadline in the middle of an input is a failure.
FUZZTIME ?= 20000x

# The random days of soak, which may be played in pieces.
FIRST ?= 0
SEEDS ?= 10000

# The test that kills the manager: what it plays, and what draws its moments.
JOBS ?= 500
KILLS ?= 50
FORGETS ?= false
SEED ?= $(shell date +%s)

.PHONY: test race bench soak fuzz integration crash burst machine live lint lambda synth

# What the program for AWS Lambda is made of and the others are not.
BOOTSTRAP = ./cmd/runfleet ./cmd/internal/lambda ./cmd/internal/wire

# The configuration that synth reads.
CONFIG ?= deploy/testdata/acme.json

test:
	go test ./...
	go test -run TestRandomDays ./cmd/internal/world -first 20 -seeds 280

race:
	go test -race -short ./...

bench:
	go test -run '^$$' -bench . -benchmem ./...

soak:
	go test -timeout 0 -run TestRandomDays ./cmd/internal/world -first $(FIRST) -seeds $(SEEDS)

fuzz:
	go test -run '^$$' -fuzz '^FuzzDecode$$' -fuzztime $(FUZZTIME) ./webhooks
	go test -run '^$$' -fuzz '^FuzzHandler$$' -fuzztime $(FUZZTIME) ./webhooks
	go test -run '^$$' -fuzz '^FuzzLabels$$' -fuzztime $(FUZZTIME) ./fleet
	go test -run '^$$' -fuzz '^FuzzDecode$$' -fuzztime $(FUZZTIME) ./provision/notices
	go test -run '^$$' -fuzz '^FuzzParse$$' -fuzztime 2000x ./fleet/config
	go test -run '^$$' -fuzz '^FuzzDecode$$' -fuzztime $(FUZZTIME) ./provision/queue
	go test -run '^$$' -fuzz '^FuzzDecodeReport$$' -fuzztime $(FUZZTIME) ./provision/queue
	go test -run '^$$' -fuzz '^FuzzRead$$' -fuzztime $(FUZZTIME) ./fleet/replay

integration:
	bash .ci/integration

crash:
	bash .ci/integration -run TestEveryJobIsServedOnce -crash-jobs $(JOBS) -crash-kills $(KILLS) -crash-seed $(SEED) -crash-forgets=$(FORGETS)

burst:
	bash .ci/integration -run TestABurst -burst-jobs 1000

machine:
	bash .ci/machine

# On an account of AWS, which pays for it: README says what it wants to be told.
live:
	go test -count=1 -v -timeout 8h -tags live -run TestLive ./provision/provisiontest

lint:
	@files=$$(gofmt -l .); [ -z "$$files" ] || { echo "not formatted: $$files" >&2; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go vet -tags lambda $(BOOTSTRAP)
	go tool staticcheck -tags lambda $(BOOTSTRAP)
	go vet -tags live ./provision/provisiontest
	go tool staticcheck -tags live ./provision/provisiontest

lambda:
	mkdir -p deploy/dist
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda -trimpath -ldflags '-s -w' -o deploy/dist/bootstrap ./cmd/runfleet
	cd deploy && go run ./bundle dist/bootstrap dist/bootstrap.zip

synth:
	cd deploy && CDK_CONTEXT_JSON='{"config":"$(abspath $(CONFIG))"}' go run .
