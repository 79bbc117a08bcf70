# A few verbs. `make check` is what .ci/run runs; `make test` is the README's test command.
export CGO_ENABLED := 0
export GOTOOLCHAIN := local
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test check vet format lint cross fuzz generate

build: ## the binary, in bin/
	go build -trimpath -o bin/ossian ./cmd/ossian

test:
	go test ./...

check: format vet lint cross test

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

FUZZTIME ?= 10m
fuzz: ## every fuzz target in turn, FUZZTIME each
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1 $$p || exit 1; \
	  done; done

generate: ## rewrite generated files and record what they were made from
	go generate ./...
	go test ./internal/lint -run TestGenerated -update
