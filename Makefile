# What .ci/run calls, and what a contributor calls.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME ?= 10m

.PHONY: all test race lint vuln compose tables faults load bench fuzz fuzz-short attacks settings

all: lint test race

# The README's test command. It builds a MongoDB wire server, an OpenID provider
# and toxiproxy from examples/testbed, a minute or two the first time.
test:
	go test ./...

# On one processor: on two, the runtime (Go 1.26) lets receivers from expired
# timers of one testing/synctest bubble share a race context, and crashes.
race:
	go test -race -short -cpu 1 ./...

lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go mod verify
	go build -C examples/testbed ./...

# Its data is on the network; without it this says so and is no failure.
vuln:
	@if curl -sfI https://vuln.go.dev/index/modules.json >/dev/null 2>&1; \
	then go run $(GOVULNCHECK) ./...; \
	else echo "SKIPPED: govulncheck, its data cannot be reached"; fi

# The deployment of docker-compose.yml, where a Docker engine runs.
compose:
	TOKENGRAFT_TEST_COMPOSE=1 go test -v -count=1 -timeout 20m ./examples/compose

# The tables of faults and of attacks, from their short forms.
tables:
	go test -v -run '^(TestFaults|TestAttacks)$$' ./internal/e2e/fault ./internal/e2e/attack

# Every fault of the network, twenty times, and prints what each did. `make test`
# has a short form of this, and of load.
faults:
	go test -v -count=1 -timeout 20m ./internal/e2e/fault -full

# Ten minutes at the machine's capacity, with a fault every twenty seconds, and a
# hundred reloads under load. Then a hundred thousand logins through one cache, and
# two thousand random worlds.
load:
	go test -v -count=1 -timeout 20m ./internal/e2e/load ./internal/e2e/live -full
	go test -v -count=1 -timeout 20m -run '^Test(Cache|Freshness)_' ./internal/sidecar ./cache ./internal/simulation -full

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Every fuzz target for FUZZTIME each, until one fails.
fuzz:
	.ci/fuzz $(FUZZTIME)

# What CI has time for.
fuzz-short:
	.ci/fuzz 2s

# Attacks the sidecar at its listeners, with floods of full size, and prints what
# the attacker sends and what happens. `make test` does it with small floods.
attacks:
	go test -count=1 -v -timeout 60m ./internal/e2e/attack -floods

# Writes the tables of docs/ that come from the code: settings, reasons, problem
# types, faults, attacks.
settings:
	go generate ./config
	go test ./internal/e2e/fault ./internal/e2e/attack -run Page -update
