package bencode

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func scanned(t *testing.T, in string, o Options) Value {
	t.Helper()
	v, err := Scan([]byte(in), o)
	require.NoError(t, err)
	return v
}

func TestValueScalars(t *testing.T) {
	for in, want := range map[string]int64{
		"i0e": 0, "i-7e": -7, "i42e": 42,
		"i9223372036854775807e": 1<<63 - 1, "i-9223372036854775808e": -1 << 63,
		"i-0e": 0, "i007e": 7, "i-010e": -10,
	} {
		n, err := scanned(t, in, Options{Lenient: true}).Int()
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	in := []byte("5:a\x00e:\xff")
	v, err := Scan(in, Options{})
	require.NoError(t, err)
	b, err := v.Bytes()
	require.NoError(t, err)
	require.Equal(t, "a\x00e:\xff", string(b))
	require.Same(t, &in[2], &b[0], "Bytes must alias the input")
	require.Equal(t, len(b), cap(b))
	s, err := v.Text()
	require.NoError(t, err)
	require.Equal(t, "a\x00e:\xff", s)
	b, err = scanned(t, "002:ab", Options{Lenient: true}).Bytes()
	require.NoError(t, err)
	require.Equal(t, "ab", string(b))
}

func TestValueOfAnotherKind(t *testing.T) {
	for in, kind := range map[string]Kind{"i1e": Integer, "0:": String, "l1:ae": List, "d1:ai1ee": Dict, "": Invalid} {
		var v Value
		if in != "" {
			v = scanned(t, in, Options{})
		}
		require.Equal(t, kind, v.Kind())
		_, err := v.Int()
		require.Equal(t, kind != Integer, errors.As(err, new(*TypeError)))
		_, err = v.Bytes()
		require.Equal(t, kind != String, errors.As(err, new(*TypeError)))
		_, err = v.Text()
		require.Equal(t, kind != String, errors.As(err, new(*TypeError)))
		n := 0
		for range v.List() {
			n++
		}
		for range v.Dict() {
			n++
		}
		require.Equal(t, n, v.Len())
		require.Equal(t, kind == List || kind == Dict, n == 1)
		_, found := v.Get("a")
		require.Equal(t, kind == Dict, found)
		_, err = v.GetInt("a")
		require.Equal(t, kind != Dict, errors.As(err, new(*TypeError)))
	}
}

func TestValueWalk(t *testing.T) {
	v := scanned(t, "d1:ad1:xlee1:bli1el2:eeed0:0:ee1:ci-5ee", Options{})
	require.Equal(t, 3, v.Len())
	var got []string
	for k, w := range v.Dict() {
		got = append(got, fmt.Sprintf("%s=%s", k, w.Raw()))
	}
	require.Equal(t, []string{"a=d1:xlee", "b=li1el2:eeed0:0:ee", "c=i-5e"}, got)
	list, err := v.GetList("b")
	require.NoError(t, err)
	require.Equal(t, 3, list.Len())
	got = nil
	for w := range list.List() {
		got = append(got, string(w.Raw()))
	}
	require.Equal(t, []string{"i1e", "l2:eee", "d0:0:e"}, got)
	for range list.List() {
		break
	}
	for range v.Dict() {
		break
	}
}

func TestLookup(t *testing.T) {
	v := scanned(t,
		"d5:bytes2:xy4:dictd1:ki1ee3:inti7e4:listl1:aee", Options{})
	n, err := v.GetInt("int")
	require.NoError(t, err)
	require.EqualValues(t, 7, n)
	b, err := v.GetBytes("bytes")
	require.NoError(t, err)
	require.Equal(t, "xy", string(b))
	s, err := v.GetText("bytes")
	require.NoError(t, err)
	require.Equal(t, "xy", s)
	l, err := v.GetList("list")
	require.NoError(t, err)
	require.Equal(t, "l1:ae", string(l.Raw()))
	d, err := v.GetDict("dict")
	require.NoError(t, err)
	require.Equal(t, "d1:ki1ee", string(d.Raw()))

	_, err = v.GetInt("INT")
	require.Equal(t, &MissingError{Key: "INT"}, err)
	require.True(t, IsMissing(fmt.Errorf("wrapped: %w", err)))
	require.EqualError(t, err, `bencode: key "INT" is missing`)
	_, err = v.GetBytes("int")
	require.Equal(t, &TypeError{Key: "int", Want: String, Got: Integer}, err)
	require.False(t, IsMissing(err))
	require.EqualError(t, err, `bencode: key "int": want a string, got an integer`)
	_, err = v.GetText("list")
	require.Equal(t, &TypeError{Key: "list", Want: String, Got: List}, err)
	_, err = v.GetList("dict")
	require.Equal(t, &TypeError{Key: "dict", Want: List, Got: Dict}, err)
	_, err = v.GetDict("bytes")
	require.Equal(t, &TypeError{Key: "bytes", Want: Dict, Got: String}, err)
	_, err = l.GetInt("a")
	require.Equal(t, &TypeError{Want: Dict, Got: List}, err)
	require.EqualError(t, err, "bencode: want a dictionary, got a list")
	_, err = Value{}.GetInt("a")
	require.EqualError(t, err, "bencode: want a dictionary, got no value")
}

func TestLenientLookupFindsTheFirst(t *testing.T) {
	v := scanned(t, "d1:bi1e1:ai2e1:bi3ee", Options{Lenient: true})
	n, err := v.GetInt("b")
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	n, err = v.GetInt("a")
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.Equal(t, 3, v.Len())
}
