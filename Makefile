# A few verbs. `make check` is what .ci/run runs; `make test` is the README's test command.
export CGO_ENABLED := 0
export GOTOOLCHAIN := local
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test check vet format lint cross arm64 fuzz generate

build: ## the binary, in bin/
	go build -trimpath -o bin/ossian ./cmd/ossian

test:
	go test ./...

check: format vet lint cross arm64 test

format:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "not gofmt-ed (run gofmt -w):"; echo "$$bad"; exit 1; fi

vet:
	go vet ./...

lint: ## staticcheck; the house's own rules are a test, internal/lint
	go run $(STATICCHECK) ./...

cross: ## other platforms must at least compile
	GOOS=linux GOARCH=arm64 go build -o /dev/null ./cmd/ossian
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/ossian
	GOOS=windows GOARCH=amd64 go build -o /dev/null ./cmd/ossian

# max knows every instruction the kernels may use; a cortex-a72 has none beyond the first NEON, and must not meet one.
QEMU ?= $(shell command -v qemu-aarch64 || command -v qemu-aarch64-static)
arm64: ## the tests of the kernels and what is below them, compiled for arm64 and run under qemu-user
	GOARCH=arm64 go vet ./internal/kernel ./internal/probe ./internal/cpu ./internal/num
	GOARCH=riscv64 go vet ./internal/kernel ./internal/probe ./internal/cpu ./internal/num
	@if [ -z "$(QEMU)" ]; then \
	  echo "arm64: !!! NOT TESTED: there is no qemu-aarch64 here. Install it (Debian: qemu-user) to run these tests."; exit 0; fi; \
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	for p in cpu num kernel probe; do GOOS=linux GOARCH=arm64 go test -c -o $$dir/$$p ./internal/$$p || exit 1; done && \
	for p in cpu num kernel probe; do echo "arm64: $$p"; $(QEMU) -cpu max $$dir/$$p -test.short || exit 1; done && \
	for p in cpu probe; do echo "arm64: $$p, cortex-a72"; $(QEMU) -cpu cortex-a72 $$dir/$$p -test.short || exit 1; done && \
	echo "arm64: kernel, cortex-a72" && $(QEMU) -cpu cortex-a72 $$dir/kernel -test.short -test.run 'Extremes|Allocates|Packed|SwiGLU|RMSNorm|Rope|Argmax'

FUZZTIME ?= 10m
fuzz: ## every fuzz target in turn, FUZZTIME each
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1 $$p || exit 1; \
	  done; done

generate: ## rewrite generated files and record what they were made from
	go generate ./...
	go test ./internal/lint -run TestGenerated -update
