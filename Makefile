# The commands of .ci/run and of contributors.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GORELEASER = github.com/goreleaser/goreleaser/v2@v2.15.1
CYCLONEDX = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
FUZZTIME ?= 10m

# go test, with the skipped tests as the last lines. With STRICT=1 a skipped test
# is a failure.
TEST = go run ./internal/testreport $(if $(STRICT),-noskip)

# Tools and files that a release is made of. Not committed.
GENERATED = $(CURDIR)/packaging/generated
TOOLS ?= $(GENERATED)/bin

.PHONY: all test race lint vuln mongodb backends compose tables faults load bench bench-growth bench-peers bench-test fuzz fuzz-short attacks exhaustion openssl settings texts slim screenshots \
	tools goreleaser cyclonedx package-files release-snapshot release-check release deb images

all: lint test race

# All tests. The first run takes a minute or two longer, because it builds FerretDB, two
# OpenID providers and toxiproxy from examples/testbed.
test:
	go test ./...
	go test -tags otlpgrpc ./internal/telemetry

# On one processor. On two, the runtime (Go 1.26) crashes: receivers from expired timers
# of a testing/synctest bubble share a race context. Such tests mostly use less than
# one processor, so one package more than there are processors runs at a time.
race:
	$(TEST) -race -short -cpu 1 -p $$(($$(getconf _NPROCESSORS_ONLN) + 1)) ./...

lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go vet -tags otlpgrpc ./internal/telemetry
	go vet -tags $(SLIM) ./internal/cli ./internal/appservices/export
	go run $(STATICCHECK) ./...
	go run ./internal/prose/check
	go mod verify
	go run $(ACTIONLINT) -shellcheck= -pyflakes=
	go build -C examples/testbed ./...
	go vet -C examples/bench ./...

# The vulnerability database is on the network. If it cannot be reached, this says so
# and succeeds.
vuln:
	@if curl -sfI https://vuln.go.dev/index/modules.json >/dev/null 2>&1; \
	then go run $(GOVULNCHECK) ./...; \
	else echo "SKIPPED: govulncheck, its data cannot be reached"; fi

# Tests docker-compose.yml on a Docker engine.
compose:
	TOKENGRAFT_TEST_COMPOSE=1 $(TEST) -v -count=1 -timeout 20m ./examples/compose

# The tests that can use a real MongoDB, against the replica set at MONGODB_URI.
# `.ci/mongodb` starts one.
mongodb:
	@test -n "$$MONGODB_URI" || { echo "MONGODB_URI is not set. Start a replica set with .ci/mongodb"; exit 1; }
	$(TEST) -count=1 ./enrich/mongodoc ./enrich/hooks ./internal/simulation ./internal/appservices/functions

# Runs real login services and clients of Debian, and prints what was run. The packages are
# in .ci/run; rows without theirs are skipped, and say so.
backends:
	$(TEST) -v -count=1 ./internal/e2e/backends

# Prints the tables of faults and of attacks, from the short forms of their tests.
tables:
	$(TEST) -v -run '^(TestFaults|TestAttacks)$$' ./internal/e2e/fault ./internal/e2e/attack

# Tests every fault, with twenty requests during each, and prints what happened. `make
# test` runs short forms of this and of load.
faults:
	go test -v -count=1 -timeout 20m ./internal/e2e/fault -full

# Ten minutes of full load with a fault every twenty seconds, and a hundred reloads under
# load. Then a hundred thousand logins through one cache, and two thousand random
# simulations.
load:
	go test -v -count=1 -timeout 20m ./internal/e2e/load ./internal/e2e/live -full
	go test -v -count=1 -timeout 20m -run '^Test(Cache|Freshness)_' ./internal/sidecar ./cache ./internal/simulation -full

# The build that makes RSA signatures with the machine's OpenSSL, and the tests of these.
# The default build has nothing of it. Without libcrypto.so.3 the signatures are
# skipped, or with STRICT=1 fail.
OPENSSL = ./enrich/keys/internal/libcrypto ./enrich/keys/internal/jose
openssl:
	@! go list -deps . | grep purego || { echo "the default build links purego"; exit 1; }
	CGO_ENABLED=0 go vet -tags openssl $(OPENSSL)
	CGO_ENABLED=0 GOARCH=arm64 go vet -tags openssl $(OPENSSL)
	CGO_ENABLED=0 $(TEST) -tags openssl $(OPENSSL)
	CGO_ENABLED=0 go run -tags openssl . version

# Writes the pictures of docs/console.md, in two to three minutes. It needs Chromium.
screenshots:
	$(TEST) -v -count=1 -run '^TestScreenshots$$' ./internal/e2e/console -screenshots $(CURDIR)/docs/images

# Every text that a user can meet, to be read aloud.
texts:
	@go run ./internal/prose/check -strings

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Measures how the cost grows with sizes, users, rules, connections, changes and replicas, in
# ten minutes, and writes the plots and the table of docs/performance.md. It fails if
# something grows faster than linear.
bench-growth:
	go run -C examples/bench ./growth -plots $(CURDIR)/docs/growth -page $(CURDIR)/docs/performance.md

# Measures the sidecar, nginx, HAProxy, Caddy and bare Go proxies as processes, and writes
# the tables of docs/performance.md. Proxies that are not installed are named in the output.
bench-peers:
	go run -C examples/bench ./peers -write

# That `bench-peers` works, with every proxy that is installed, and that processor
# time per request is not far above a bare hop. It takes one to two minutes.
bench-test:
	go test -C examples/bench -p 1 -count=1 ./...

# Runs each fuzz target for FUZZTIME, until one fails.
fuzz:
	.ci/fuzz $(FUZZTIME)

# The same for a second each, for CI.
fuzz-short:
	.ci/fuzz 1s

# Runs all attacks, with floods of full size, and prints what the attacker sends and what
# happens, and then `exhaustion`. `make test` uses small floods.
attacks:
	go test -count=1 -v -timeout 60m ./internal/e2e/attack -floods
	$(MAKE) exhaustion

# Attacks on memory, work and connections, of full size, on a process and on a
# container of 256 MiB, while users log in. It prints memory, processor time and what
# the users got. `make test` makes small ones on a process.
exhaustion:
	go test -count=1 -v -timeout 40m ./internal/e2e/exhaustion -full

# Writes the tables of docs/ that come from the code: settings, reasons, problem
# types, faults, attacks, backends, and the description of the admin API.
settings:
	go generate ./config ./internal/adminapi
	go test ./internal/doctor ./internal/e2e/fault ./internal/e2e/attack ./internal/e2e/backends -run Page -update

# The programs that build a release.
tools: goreleaser cyclonedx
goreleaser:
	GOBIN=$(TOOLS) go install $(GORELEASER)
cyclonedx:
	GOBIN=$(TOOLS) go install $(CYCLONEDX)

# The program without functions: a third smaller. grpcnotrace leaves out pages for
# debugging in a part of gRPC that OTLP over HTTP uses.
SLIM = nojavascript,grpcnotrace
slim:
	CGO_ENABLED=0 go build -tags $(SLIM) -trimpath -ldflags '-s -w' -o tokengraft-slim .

# Completions and manual pages, as the program prints them. goreleaser calls this.
package-files:
	rm -rf $(GENERATED)/man $(GENERATED)/completions
	mkdir -p $(GENERATED)/man $(GENERATED)/completions
	go build -o $(GENERATED)/bin/tokengraft .
	TZ=UTC SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(GENERATED)/bin/tokengraft man $(GENERATED)/man
	gzip -n9 $(GENERATED)/man/*.1
	for shell in bash fish zsh; do \
		$(GENERATED)/bin/tokengraft completion $$shell >$(GENERATED)/completions/tokengraft.$$shell || exit 1; done

# goreleaser reads the version from git, and wants a remote even where it publishes
# nothing.
SNAPSHOT = GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/tokengraft/tokengraft \
	PATH="$(TOOLS):$$PATH" goreleaser release --snapshot --clean

# Archives, packages, SBOMs and checksums of this commit, in dist/. Nothing is
# published.
release-snapshot: tools
	$(SNAPSHOT)

# Builds the snapshot in two folders and compares the hashes.
release-check: tools
	TOOLS=$(TOOLS) .ci/release-check

# Builds the deb for this machine, installs it in a layer above the machine's files,
# starts the service's command line, and removes the package. For Debian and Ubuntu.
deb: goreleaser
	mkdir -p $(GENERATED)
	sed 's/^\( *goos:\).*/\1 [linux]/; s/^\( *goarch:\).*/\1 [$(shell go env GOARCH)]/; s/formats: \[deb, rpm\]/formats: [deb]/' .goreleaser.yaml >$(GENERATED)/deb.yaml
	echo "dist: $(GENERATED)/dist" >>$(GENERATED)/deb.yaml
	$(SNAPSHOT) --config $(GENERATED)/deb.yaml --skip=archive,sbom
	TOKENGRAFT_TEST_DEB=1 $(TEST) -v -count=1 $(if $(filter-out 0,$(shell id -u)),-exec 'sudo -E') ./packaging

# Publishes the tag that is checked out; GitHub Actions calls this and `images`.
release: tools
	mkdir -p $(GENERATED)
	.ci/release-notes "$$(git describe --tags --exact-match)" >$(GENERATED)/notes.md
	PATH="$(TOOLS):$$PATH" goreleaser release --clean --release-notes $(GENERATED)/notes.md

# Builds and pushes the images of a tag: make images IMAGE=ghcr.io/… TAG=v0.1.0
images:
	docker buildx build --push --platform linux/amd64,linux/arm64 --provenance=mode=max --sbom=true \
		--build-arg VERSION="$$TAG" --build-arg COMMIT="$$(git rev-parse HEAD)" \
		--build-arg SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" \
		--tag "$$IMAGE:$${TAG#v}" $(if $(findstring -,$(TAG)),,--tag "$$IMAGE:latest") .
