package player

import (
	"errors"
	"path/filepath"
	"strings"
)

// Words splits a command as shells do: at spaces, except between quotes and after a backslash.
// Nothing is replaced. An error says what is wrong with it.
func Words(command string) (words []string, err error) {
	var word strings.Builder
	inWord, quote, escaped := false, byte(0), false
	for i := range len(command) { // bytes, because names need not be UTF-8
		switch c := command[i]; {
		case escaped:
			escaped = false
			word.WriteByte(c)
		case c == '\\' && quote != '\'' && filepath.Separator != '\\': // paths of Windows have it
			escaped, inWord = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, inWord = c, true
		case quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New(`a quote is not closed; add the other one, or put \ before it`)
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("it names no program; give one, such as mpv")
	}
	return words, nil
}
