package script

// findingRule is a kind of finding.
type findingRule struct {
	kind          string
	jsvm, sandbox EngineVerdict
	text          string
}

// The rules. Kinds are stable: other programs may look for them.
var (
	tooLarge      = findingRule{"too-large", Check, Check, "the script is too large to be analysed"}
	badSyntax     = findingRule{"syntax", Fails, Check, "otto cannot parse the script: %s"}
	modernSyntax  = findingRule{"modern", Fails, Runs, "%s: otto knows no JavaScript younger than ES5"}
	patternSyntax = findingRule{"regexp-literal", Fails, Runs, "otto cannot compile a regular expression: %s"}

	missingComma = findingRule{"missing-comma", Runs, Fails, "a comma is missing in an object literal: only otto takes that"}
	integerKey   = findingRule{
		"key-order", Runs, Check,
		"the key %s looks like a number: JavaScript lists such keys first, otto in the order of the text",
	}
	stringify = findingRule{
		"json-order", Runs, Check,
		"JSON.stringify sorts keys under otto: a signature or a cache key made from the text changes in the " +
			"sandbox, unless the plugin is configured with compat: otto",
	}

	undeclared = findingRule{
		"undeclared", Runs, Check,
		"%s is assigned and nowhere declared: it becomes a global, and an error where strict mode or a module is asked for",
	}
	strictUndeclared = findingRule{
		"strict", Runs, Fails,
		"%s is assigned and nowhere declared under \"use strict\", which otto ignores: elsewhere this throws",
	}
	strictMode = findingRule{
		"strict", Runs, Check, "\"use strict\" is ignored by otto: elsewhere, this of a plain function is undefined",
	}
	strictSyntax = findingRule{"strict", Runs, Fails, "%s is a syntax error under \"use strict\", which otto ignores"}

	lookAround = findingRule{"regexp", Check, Runs, "new RegExp throws under otto: %s"}
	blankClass = findingRule{
		"regexp-space", Runs, Check, "\\s does not match U+00A0 and other blanks outside of ASCII under otto",
	}
	nested = findingRule{
		"regexp-nested", Runs, Check,
		"repeats are nested in a regular expression: otto takes linear time, other engines may run into the deadline",
	}
	goSyntax     = findingRule{"regexp-syntax", Runs, Fails, "%s in a regular expression is syntax of Go, which only otto takes"}
	goClass      = findingRule{"regexp-syntax", Runs, Check, "%s in a regular expression means something else in JavaScript"}
	makesPattern = findingRule{
		"regexp-made", Check, Check,
		"a regular expression is made at run time: otto has no look-around and no back-references",
	}
	dateText = findingRule{
		"date-text", Runs, Check,
		"a date turned into text %s has a form of otto's own, which the sandbox has with compat: otto",
	}
	dateParse = findingRule{
		"date-parse", Runs, Check,
		"a date may be parsed from text here: otto takes fewer forms, and \"2020-01-02 03:04:05\" is NaN",
	}
	localeText = findingRule{
		"locale", Runs, Check,
		"%s gives 1970-01-01 00:00:00 and 1,234,567.891 under otto, and in the sandbox with compat: otto",
	}
	errorText    = findingRule{"error-text", Runs, Check, "the text of an error is used: its words differ between engines"}
	makesCode    = findingRule{"made-code", Check, Check, "%s makes code at run time, which this report does not see"}
	otherHeaders = findingRule{
		"return-overrides", Check, Check, "ReturnOverrides.headers is ignored, as it is by Tyk: the key is ResponseHeaders",
	}
	loopURL       = findingRule{"tyk-url", Runs, Runs, "a tyk:// URL sends the request on to another API of this gateway"}
	notOffered    = findingRule{"not-offered", Check, Check, "%s is not there: naming it throws a ReferenceError"}
	absentGlobal  = findingRule{"absent", Check, Runs, "%s is not there under otto"}
	absentMember  = findingRule{"absent", Check, Runs, "%s is not there under otto, unless the script brings its own"}
	storageOnJSVM = findingRule{"storage", Runs, Runs, "TykStorage is used, which Tyk itself has only with the driver javascript"}
)
