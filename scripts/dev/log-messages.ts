import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export type LogLevel = 'warn' | 'error';

/** A message of the daemon that an operator may have to do something about. */
export interface LogMessage {
  readonly message: string;
  readonly level: LogLevel;
}

/** Where a message comes from elsewhere: these hand on what they are given, or what is found by its object literal. */
const FORWARDERS: ReadonlySet<string> = new Set(['lib/mi/fifo/rare-warning.ts', 'lib/sip/serving/occasional-log.ts']);

const ROOT = join(import.meta.dirname, '../..');

/** All warnings and errors that `lib/` logs, each once, sorted. Throws when it cannot tell what some line of it logs. */
export function logMessages(): readonly LogMessage[] {
  const found = new Map<string, LogMessage>();
  for (const path of globSync('lib/**/*.ts', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, path), 'utf8');
    for (const entry of messagesOf(path, text)) found.set(`${entry.level} ${entry.message}`, entry);
  }
  return [...found.values()].sort((a, b) => (a.message < b.message ? -1 : 1));
}

/** Of one file. Exported for its test. */
export function messagesOf(path: string, text: string): readonly LogMessage[] {
  if (FORWARDERS.has(path)) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: LogMessage[] = [];
  const visit = (node: ts.Node): void => {
    const logged = loggedAt(node);
    if (logged !== undefined) {
      const messages = textsOf(logged.expression);
      if (messages === undefined)
        throw new Error(`${placeOf(node)}: what is logged is no text that stands in this file`);
      for (const message of messages) found.push({ message, level: logged.level });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

interface Logged {
  readonly level: LogLevel;
  readonly expression: ts.Expression;
}

/** `log.warn(fields, message)`, `new RareWarning(message, …)`, or a line `{ level, message, fields }` that is logged elsewhere. */
function loggedAt(node: ts.Node): Logged | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const level = node.expression.name.text;
    const [, message] = node.arguments;
    return isLevel(level) && message !== undefined ? { level, expression: message } : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'RareWarning') {
    const [message] = node.arguments ?? [];
    return message === undefined ? undefined : { level: 'warn', expression: message };
  }
  return ts.isObjectLiteralExpression(node) ? lineAt(node) : undefined;
}

function lineAt(node: ts.ObjectLiteralExpression): Logged | undefined {
  const [level, message, fields] = ['level', 'message', 'fields'].map((name) => valueOf(node, name));
  if (level === undefined || message === undefined || fields === undefined) return undefined;
  const possible = textsOf(level)?.find(isLevel);
  return possible === undefined ? undefined : { level: possible, expression: message };
}

function valueOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of node.properties) {
    if (property.name?.getText() !== name) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/** What the expression may be: a text, one of two, or what a constant in reach was set to. */
function textsOf(expression: ts.Expression): readonly string[] | undefined {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isConditionalExpression(expression)) {
    const [one, other] = [textsOf(expression.whenTrue), textsOf(expression.whenFalse)];
    return one === undefined || other === undefined ? undefined : [...one, ...other];
  }
  if (!ts.isIdentifier(expression)) return undefined;
  const value = constantNamed(expression.text, expression);
  return value === undefined ? undefined : textsOf(value);
}

/** Looks in the blocks around, the nearest first. */
function constantNamed(name: string, from: ts.Node): ts.Expression | undefined {
  const scope = from.parent;
  const isBlock = ts.isBlock(scope) || ts.isSourceFile(scope) || ts.isCaseClause(scope);
  for (const statement of isBlock ? scope.statements : []) {
    if (!ts.isVariableStatement(statement)) continue;
    const declaration = statement.declarationList.declarations.find((each) => each.name.getText() === name);
    if (declaration?.initializer !== undefined) return declaration.initializer;
  }
  return ts.isSourceFile(scope) ? undefined : constantNamed(name, scope);
}

function isLevel(text: string): text is LogLevel {
  return text === 'warn' || text === 'error';
}

function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  return `${source.fileName}:${String(source.getLineAndCharacterOfPosition(node.getStart()).line + 1)}`;
}
