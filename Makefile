# The project's few rituals. Each does its own set-up: Go fetches the modules.
FUZZTIME ?= 10s

.PHONY: test race bench fuzz lint

test:
	go test ./...

race:
	go test -race -short ./...

bench:
	go test -run '^$$' -bench . -benchmem ./...

fuzz:
	go test -run '^$$' -fuzz '^FuzzDecode$$' -fuzztime $(FUZZTIME) ./webhooks
	go test -run '^$$' -fuzz '^FuzzHandler$$' -fuzztime $(FUZZTIME) ./webhooks

lint:
	gofmt -l .
	go vet ./...
	go tool staticcheck ./...
