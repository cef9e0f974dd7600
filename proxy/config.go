package proxy

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/c386954a/sallyport/proxy/ingress"
)

// Config describes a [Gateway]. The zero value serves plain HTTP with the
// defaults named at [ingress.Config].
type Config struct {
	ingress.Config

	// BodyMemory is how many bytes the bodies that plugins need whole may take
	// together, of requests and replies. Above it, a request gets 503.
	// Default: no limit.
	BodyMemory int64

	// Observe is told of every request when its reply has been handed to the
	// connection, or its tunnel has ended, on the goroutine that served it.
	// It must not keep a. It may be nil.
	Observe func(a *AccessRecord)
}

// AccessRecord describes one request to an observer. Its byte slices are valid
// during the call of [Config.Observe] only.
type AccessRecord struct {
	API        string // name of the API; empty when no route was found
	RequestID  []byte
	RemoteAddr []byte
	Method     []byte
	Host       []byte
	URI        []byte // as edited last
	Status     int    // what the client got; 101 for a tunnel, 499 if it left before its reply
	Fault      string // what the gateway told the client when it answered itself; else empty

	Start        time.Time
	Duration     time.Duration // until the reply was handed over, tunnels until their end
	UpstreamTime time.Duration // until the head of the upstream's reply; 0 without upstream
	BytesIn      int64         // body bytes sent to the upstream
	BytesOut     int64         // body bytes handed to the client
	Retried      bool          // on a fresh connection, after a stale one
	Loops        int           // how often a plugin sent it on to another API; API is the last
}

// LoadTLS reads a certificate chain and its key from PEM files.
func LoadTLS(certFile, keyFile string) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("tls certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
}
