package harmony

import "encoding/json"

// Namespace is a group of tools under one name. Without functions its description
// is written as plain text and the tool is called by the namespace's name.
type Namespace struct {
	Name        string
	Description string
	Functions   []Function
}

// Function is one callable tool. Parameters is a JSON Schema whose order of
// properties is kept; empty or null means that it takes none.
type Function struct {
	Name        string
	Description string
	Parameters  json.RawMessage
}

// ResponseFormat asks for an answer that follows a JSON Schema. The model is told,
// not forced: the grammar does that.
type ResponseFormat struct {
	Name        string
	Description string
	Schema      json.RawMessage
}

// FunctionsNamespace is where function tools of an application live.
const FunctionsNamespace = "functions"

// BrowserTool returns the built-in browser, described in the words the models were trained on.
// Source: openai/harmony src/chat.rs, ToolNamespaceConfig::browser.
func BrowserTool() Namespace {
	return Namespace{Name: "browser", Description: browserText, Functions: []Function{
		{Name: "search", Description: browserSearchText, Parameters: json.RawMessage(browserSearch)},
		{Name: "open", Description: browserOpenText, Parameters: json.RawMessage(browserOpen)},
		{Name: "find", Description: browserFindText, Parameters: json.RawMessage(browserFind)},
	}}
}

// PythonTool returns the built-in python tool: no functions, the message is the source.
// Source: openai/harmony src/chat.rs, ToolNamespaceConfig::python.
func PythonTool() Namespace { return Namespace{Name: "python", Description: pythonText} }

const browserText = "Tool for browsing.\n" +
	"The `cursor` appears in brackets before each browsing display: `[{cursor}]`.\n" +
	"Cite information from the tool using the following format:\n" +
	"`【{cursor}†L{line_start}(-L{line_end})?】`, for example: `【6†L9-L11】` or `【8†L3】`.\n" +
	"Do not quote more than 10 words directly from the tool output.\n" +
	"sources=web (default: web)"

const browserSearchText = "Searches for information related to `query` and displays `topn` results."

const browserSearch = `{"type":"object","properties":{"query":{"type":"string"},` +
	`"topn":{"type":"number","default":10},"source":{"type":"string"}},"required":["query"]}`

const browserOpenText = "Opens the link `id` from the page indicated by `cursor` starting at line number `loc`, showing `num_lines` lines.\n" +
	"Valid link ids are displayed with the formatting: `【{id}†.*】`.\n" +
	"If `cursor` is not provided, the most recent page is implied.\n" +
	"If `id` is a string, it is treated as a fully qualified URL associated with `source`.\n" +
	"If `loc` is not provided, the viewport will be positioned at the beginning of the document or centered on the most relevant passage, if available.\n" +
	"Use this function without `id` to scroll to a new location of an opened page."

const browserOpen = `{"type":"object","properties":{"id":{"type":["number","string"],"default":-1},` +
	`"cursor":{"type":"number","default":-1},"loc":{"type":"number","default":-1},` +
	`"num_lines":{"type":"number","default":-1},"view_source":{"type":"boolean","default":false},` +
	`"source":{"type":"string"}}}`

const browserFindText = "Finds exact matches of `pattern` in the current page, or the page given by `cursor`."

const browserFind = `{"type":"object","properties":{"pattern":{"type":"string"},` +
	`"cursor":{"type":"number","default":-1}},"required":["pattern"]}`

const pythonText = "Use this tool to execute Python code in your chain of thought. The code will not be shown to the user. " +
	"This tool should be used for internal reasoning, but not for code that is intended to be visible to the user " +
	"(e.g. when creating plots, tables, or files).\n\n" +
	"When you send a message containing Python code to python, it will be executed in a stateful Jupyter notebook environment. " +
	"python will respond with the output of the execution or time out after 120.0 seconds. " +
	"The drive at '/mnt/data' can be used to save and persist user files. " +
	"Internet access for this session is UNKNOWN. Depends on the cluster."
