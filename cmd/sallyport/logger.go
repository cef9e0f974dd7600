package main

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/proxy"
)

// logFlags choose how the gateway logs.
type logFlags struct{ format, level string }

// add adds the flags; level is the default.
func (f *logFlags) add(cmd *cobra.Command, level string) {
	cmd.Flags().StringVar(&f.format, "log-format", "auto",
		"`FORMAT` of the log on stderr: json, console, or auto (console on a terminal)")
	cmd.Flags().StringVar(&f.level, "log-level", level, "least `LEVEL` that is logged: debug, info, warn, error")
}

func (f *logFlags) logger(w io.Writer) (*zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(f.level)
	if err != nil || f.level == "" {
		return nil, fmt.Errorf("unknown log level %q: use debug, info, warn or error", f.level)
	}
	switch f.format {
	case "auto":
		if output.IsTerminal(w) {
			w = console(w)
		}
	case "console":
		w = console(w)
	case "json":
	default:
		return nil, fmt.Errorf("unknown log format %q: use auto, json or console", f.format)
	}
	logger := zerolog.New(w).Level(level).With().Timestamp().Logger()
	return &logger, nil
}

func console(w io.Writer) io.Writer {
	return zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !output.Colored(w)}
}

// accessLog returns what writes a line per request, at level debug; nil, which
// costs nothing, if that is not logged.
func accessLog(logger *zerolog.Logger) func(*proxy.AccessRecord) {
	if logger.GetLevel() > zerolog.DebugLevel {
		return nil
	}
	return func(a *proxy.AccessRecord) {
		logger.Debug().Bytes("request_id", a.RequestID).Str("api", a.API).
			Bytes("client", a.RemoteAddr).Bytes("method", a.Method).Bytes("host", a.Host).Bytes("uri", a.URI).
			Int("status", a.Status).Str("fault", a.Fault).Bool("retried", a.Retried).
			Dur("took", a.Duration).Dur("upstream", a.UpstreamTime).
			Int64("bytes_in", a.BytesIn).Int64("bytes_out", a.BytesOut).Msg("request")
	}
}
