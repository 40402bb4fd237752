// Package stream serves the files of torrents over HTTP while they are downloaded.
package stream
