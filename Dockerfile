# A static, non-root image without a shell. Built for amd64 and arm64 with
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=… --build-arg COMMIT=… .
#
# The targets backend and seed are the samples that docker-compose.yml runs.

FROM --platform=${BUILDPLATFORM:-linux/amd64} golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Without defaults: those would win over what BuildKit builds for.
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

# The last target is what `docker build .` makes.
FROM scratch AS tokengraft
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/tokengraft /tokengraft
# A volume that is mounted here starts with the owner of this folder, so that
# the first start can make its keys.
COPY --from=build --chown=65532:65532 /out/keys /keys
USER 65532:65532
EXPOSE 8080 9901
HEALTHCHECK --interval=5s --timeout=6s --start-period=5s CMD ["/tokengraft", "health", "-c", "/etc/tokengraft/tokengraft.yaml"]
ENTRYPOINT ["/tokengraft"]
CMD ["serve", "-c", "/etc/tokengraft/tokengraft.yaml"]
