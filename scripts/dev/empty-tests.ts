import ts from 'typescript';

/**
 * What fails a test when it does not hold. Not among them: `pass`, which says nothing, `fail` and `comment`, which stand
 * in branches that a passing test does not take, `plan`, and the fixtures.
 */
const ASSERTIONS = new Set(
  [
    ['ok', 'notOk', 'equal', 'not', 'same', 'notSame', 'strictSame', 'strictNotSame'],
    ['match', 'notMatch', 'matchOnly', 'matchStrict', 'notMatchOnly', 'notMatchStrict', 'type', 'error'],
    [
      'has',
      'notHas',
      'hasStrict',
      'notHasStrict',
      'hasProp',
      'hasProps',
      'hasOwnProp',
      'hasOwnProps',
      'hasOwnPropsOnly',
    ],
    ['throws', 'doesNotThrow', 'rejects', 'resolves', 'resolveMatch', 'emits'],
    ['matchSnapshot', 'resolveMatchSnapshot', 'compareOptions'],
  ].flat(),
);

interface EmptyTest {
  readonly line: number;
  readonly message: string;
}

type Callback = ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration;

/** The tests of a file in which nothing is asserted, and the file itself if it has no test at all. */
export function findEmptyTests(source: ts.SourceFile): EmptyTest[] {
  const functions = namedFunctions(source);
  const empty: EmptyTest[] = [];
  let tests = 0;
  walk(source, (node) => {
    if (!ts.isCallExpression(node) || !isTestCall(node)) return;
    tests += 1;
    const callback = callbackOf(node, functions);
    if (callback === undefined || asserts(callback)) return;
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    empty.push({ line: line + 1, message: `${nameOf(node)} asserts nothing` });
  });
  return tests === 0 ? [{ line: 1, message: 'this file has no tests' }] : empty;
}

/** `t.test(…)`, `tap.test(…)` or an imported `test(…)`, with a function at the end. */
function isTestCall(call: ts.CallExpression): boolean {
  const { expression } = call;
  if (ts.isIdentifier(expression)) return expression.text === 'test' && call.arguments.length > 0;
  return (
    ts.isPropertyAccessExpression(expression) && expression.name.text === 'test' && isTestObject(expression.expression)
  );
}

function isTestObject(node: ts.Expression): boolean {
  return ts.isIdentifier(node) && /^(t|tap|[a-z]+T)$|^t[0-9]$/.test(node.text);
}

/** @returns undefined for a function from elsewhere, which takes `t` and is trusted to use it */
function callbackOf(call: ts.CallExpression, functions: ReadonlyMap<string, Callback>): Callback | undefined {
  const last = call.arguments.at(-1);
  if (last === undefined) return undefined;
  if (ts.isArrowFunction(last) || ts.isFunctionExpression(last)) return last;
  return ts.isIdentifier(last) ? functions.get(last.text) : undefined;
}

function namedFunctions(source: ts.SourceFile): Map<string, Callback> {
  const functions = new Map<string, Callback>();
  walk(source, (node) => {
    if (ts.isFunctionDeclaration(node) && node.name !== undefined) functions.set(node.name.text, node);
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || node.initializer === undefined) return;
    const { initializer } = node;
    if (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer))
      functions.set(node.name.text, initializer);
  });
  return functions;
}

/** Asserts on a test object somewhere inside, hands one to a helper, or runs a property, whose counterexample throws. */
function asserts(callback: Callback): boolean {
  const testObjects = new Set<string>();
  collectParameter(callback, testObjects);
  let found = false;
  walk(callback, (node) => {
    if (!ts.isCallExpression(node)) return;
    if (isTestCall(node)) {
      const last = node.arguments.at(-1);
      if (last !== undefined && (ts.isArrowFunction(last) || ts.isFunctionExpression(last))) {
        collectParameter(last, testObjects);
        return;
      }
    }
    found ||= isAssertion(node, testObjects) || node.arguments.some((argument) => hands(argument, testObjects));
  });
  return found;
}

function collectParameter(callback: Callback, testObjects: Set<string>): void {
  const name = callback.parameters[0]?.name;
  if (name !== undefined && ts.isIdentifier(name)) testObjects.add(name.text);
}

function isAssertion(call: ts.CallExpression, testObjects: ReadonlySet<string>): boolean {
  if (!ts.isPropertyAccessExpression(call.expression)) return false;
  const { expression, name } = call.expression;
  if (!ts.isIdentifier(expression)) return false;
  if (expression.text === 'fc') return name.text === 'assert';
  return testObjects.has(expression.text) && ASSERTIONS.has(name.text);
}

function hands(argument: ts.Expression, testObjects: ReadonlySet<string>): boolean {
  if (ts.isIdentifier(argument)) return testObjects.has(argument.text);
  if (!ts.isObjectLiteralExpression(argument)) return false;
  return argument.properties.some((property) => {
    if (ts.isShorthandPropertyAssignment(property)) return testObjects.has(property.name.text);
    return ts.isPropertyAssignment(property) && hands(property.initializer, testObjects);
  });
}

function nameOf(call: ts.CallExpression): string {
  const [first] = call.arguments;
  return first !== undefined && ts.isStringLiteralLike(first) ? `'${first.text}'` : 'a test';
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}
