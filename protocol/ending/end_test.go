package ending

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	broken := &peerwire.ProtocolError{Message: peerwire.Have, Reason: "no such piece"}
	for _, test := range []struct {
		why  error
		want report.End
	}{
		{io.EOF, report.EndLost},
		{errors.New("banned on request"), report.EndLost},
		{broken, report.EndBroken},
		{fmt.Errorf("engine: %w", broken), report.EndBroken},
		{fmt.Errorf("%w: %w", ErrFlood, broken), report.EndFlood},
		{places.ErrUnused, report.EndReplaced},
		{ErrDuplicate, report.EndDuplicate},
		{ErrPaused, report.EndStopped},
		{ErrRemoved, report.EndRemoved},
		{ErrUseless, report.EndUseless},
		{ErrLied, report.EndBanned},
		{ErrBanned, report.EndBanned},
		{ErrTimeout, report.EndTimeout},
		{ErrIdle, report.EndIdle},
	} {
		require.Equal(t, test.want, Of(test.why), test.why)
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		why  error
		want addressbook.Outcome
	}{
		{ErrFull, addressbook.NoRoom},
		{ErrPaused, addressbook.NoRoom},
		{ErrSelf, addressbook.Self},
		{ErrDuplicate, addressbook.Duplicate},
		{ErrCrowded, addressbook.Crowded},
		{ErrGreeted, addressbook.NoRoom},
		{ErrBanned, addressbook.Failed},
		{ErrRefused, addressbook.Failed},
		{io.EOF, addressbook.Failed},
	} {
		require.Equal(t, test.want, Refused(test.why), test.why)
	}
}

func TestOutcome(t *testing.T) {
	require.Equal(t, addressbook.Useless, Outcome(report.EndUseless, true, true))
	require.Equal(t, addressbook.NoRoom, Outcome(report.EndStopped, true, true))
	require.Equal(t, addressbook.Crossed, Outcome(report.EndLost, true, true))
	require.Equal(t, addressbook.Lost, Outcome(report.EndLost, true, false))
	require.Equal(t, addressbook.Failed, Outcome(report.EndLost, false, false))
	require.Equal(t, addressbook.Failed, Outcome(report.EndTimeout, true, true))
}
