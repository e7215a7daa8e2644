# A static image without a shell, which does not run as root. Build it for amd64 and
# arm64 with
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=… --build-arg COMMIT=… .
#
# The targets backend and seed are sample programs for docker-compose.yml.

FROM --platform=${BUILDPLATFORM:-linux/amd64} golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# BuildKit sets these two. A default here would override its value.
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=
ARG COMMIT=
ENV CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH}
RUN go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X github.com/tokengraft/tokengraft/internal/cli.version=${VERSION} -X github.com/tokengraft/tokengraft/internal/cli.commit=${COMMIT}" -o /out/tokengraft . && \
    go build -trimpath -ldflags "-s -w" -o /out/backend ./examples/backend && \
    go build -trimpath -ldflags "-s -w" -o /out/seed ./examples/seed && \
    mkdir /out/keys

FROM scratch AS backend
COPY --from=build /out/backend /backend
USER 65532:65532
EXPOSE 9000
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["/backend", "health", "127.0.0.1:9000"]
ENTRYPOINT ["/backend", "0.0.0.0:9000"]

FROM scratch AS seed
COPY --from=build /out/seed /seed
USER 65532:65532
ENTRYPOINT ["/seed"]

# `docker build .` builds the last target.
FROM scratch AS tokengraft
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/tokengraft /tokengraft
# A new volume that is mounted here gets the owner of this directory, so that the
# sidecar can create its keys when it first starts.
COPY --from=build --chown=65532:65532 /out/keys /keys
USER 65532:65532
EXPOSE 8080 9901
HEALTHCHECK --interval=5s --timeout=6s --start-period=5s CMD ["/tokengraft", "health", "-c", "/etc/tokengraft/tokengraft.yaml"]
ENTRYPOINT ["/tokengraft"]
CMD ["serve", "-c", "/etc/tokengraft/tokengraft.yaml"]
