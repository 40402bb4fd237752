# A static shoal and nothing else. Settings come from the environment: each flag
# of the program has a variable, such as SHOAL_DIR for --dir.
#
#	docker build -t shoal .
#	docker run --rm -v "$PWD:/data" -u "$(id -u):$(id -g)" shoal get some.torrent

FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /out/shoal ./cmd/shoal
RUN mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/shoal /shoal
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV SHOAL_DIR=/data HOME=/data
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/shoal"]
