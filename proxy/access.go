package proxy

import "time"

// Access is what is told of one request. Its byte slices are valid during the
// call of [Config.Observe] only.
type Access struct {
	API        string // name of the API; empty when no route was found
	RequestID  []byte
	RemoteAddr []byte
	Method     []byte
	Host       []byte
	URI        []byte // as edited last
	Status     int    // what the client got; 101 for a tunnel
	Fault      string // what the gateway told the client when it answered itself; else empty

	Start        time.Time
	Duration     time.Duration // until the reply was handed over, tunnels until their end
	UpstreamTime time.Duration // until the head of the upstream's reply; 0 without upstream
	BytesIn      int64         // body bytes sent to the upstream
	BytesOut     int64         // body bytes handed to the client
	Retried      bool          // on a fresh connection, after a stale one
	Loops        int           // how often a plugin sent it on to another API; API is the last
}
