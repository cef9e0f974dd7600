package proxy

import (
	"crypto/tls"
	"fmt"

	"github.com/c386954a/sallyport/proxy/ingress"
)

// Config describes a [Gateway]. The zero value serves plain HTTP with the
// defaults named at [ingress.Config].
type Config struct {
	ingress.Config

	// Observe is told of every request when its reply has been handed to the
	// connection, or its tunnel has ended, on the goroutine that served it.
	// It must not keep a. It may be nil.
	Observe func(a *Access)
}

// LoadTLS reads a certificate chain and its key from PEM files.
func LoadTLS(certFile, keyFile string) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("tls certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
}
