import { functionNamed } from './functions.js';
import { PathError, PathRefusedError } from './path-error.js';
import { Scanner } from './scanner.js';
import {
  type BinaryOperator,
  type Call,
  type Expression,
  type PathExpression,
  precedence,
  type Step,
} from './syntax.js';

/** In this order: of two operators that begin alike, the longer comes first. */
const operators = ['==', '!=', '<=', '>=', '&&', '||', '<', '>', '+', '-', '*', '/', '%'] as const;
const loosest = Math.max(...Object.values(precedence));

/** How deep expressions may be nested. */
const maxDepth = 500;

const literals: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Parses a path in the dialect of jsoncons, which is NemesisDB's. Throws a `PathError` if it is wrong.
 * It follows jsoncons also where that is odd: `$[0: 2]` is wrong and `$[0 :2]` right, `1-2` is not a number.
 */
export function parsePath(text: string): readonly Step[] {
  return new Parser(text).path();
}

class Parser {
  readonly #scanner: Scanner;
  #depth = 0;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  path(): readonly Step[] {
    const scanner = this.#scanner;
    const steps: Step[] = [];
    scanner.skipBlanks();
    if (scanner.isAtEnd) scanner.fail('the path is empty');
    do {
      if (!scanner.take('$') && !scanner.take('@')) this.#startWithCall(scanner.name(), steps);
      this.#readSteps(steps);
      for (let levels = this.#parents(); levels > 0; levels = this.#parents()) {
        steps.push({ kind: 'parent', levels });
        // jsoncons passes over the character that follows `^`, whatever it is.
        scanner.skip();
        this.#readSteps(steps);
      }
    } while (!scanner.isAtEnd);
    return steps;
  }

  /** Reads steps as far as they go, and adds them to those before. */
  #readSteps(steps: Step[]): Step[] {
    const scanner = this.#scanner;
    for (;;) {
      scanner.skipBlanks();
      if (scanner.take('[')) {
        steps.push(this.#nested(() => this.#bracket()));
        continue;
      }
      if (!scanner.take('.')) return steps;
      const isDeep = scanner.take('.');
      if (isDeep) steps.push({ kind: 'descendants' });
      else if (scanner.isAtEnd) scanner.fail('name expected');
      scanner.skipBlanks();
      if (isDeep && scanner.take('[')) steps.push(this.#nested(() => this.#bracket()));
      else if (!scanner.isAtEnd) this.#readNamed(steps);
    }
  }

  /** Reads what follows a dot: `*`, a name in quotes or without, or a function. */
  #readNamed(steps: Step[]): void {
    const scanner = this.#scanner;
    if (scanner.next === '[' || scanner.next === '.') scanner.fail('name expected');
    if (scanner.take('*')) {
      steps.push({ kind: 'wildcard' });
    } else if (scanner.isAtQuote) {
      const name = scanner.quoted();
      // jsoncons takes an empty name at the very end for none.
      if (name !== '' || !scanner.isAtEnd) steps.push({ kind: 'name', name });
    } else {
      const name = scanner.name();
      scanner.skipBlanks();
      if (scanner.next === '(') this.#startWithCall(name, steps);
      else steps.push({ kind: 'name', name });
    }
  }

  /** Reads the arguments of a function. Its value replaces the steps before it. */
  #startWithCall(name: string, steps: Step[]): void {
    steps.length = 0;
    steps.push({ kind: 'call', call: this.#call(name) });
  }

  #parents(): number {
    let levels = 0;
    while (this.#scanner.take('^')) {
      levels++;
      this.#scanner.skipBlanks();
    }
    return levels;
  }

  /** The inside of brackets. */
  #bracket(): Step {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    const isBare = scanner.next !== '@' && scanner.next !== '$';
    const first = this.#firstBranch();
    scanner.skipBlanks();
    const branches = first ? [first] : [];
    const [only] = first ?? [];
    if (isBare && only && scanner.take(']')) return only;
    while (scanner.take(',')) {
      scanner.skipBlanks();
      branches.push(this.#laterBranch());
      scanner.skipBlanks();
    }
    scanner.expect(']');
    return { kind: 'union', branches };
  }

  /** The first element in brackets. A `$` there means the current place, and is no branch by itself. */
  #firstBranch(): readonly Step[] | undefined {
    const scanner = this.#scanner;
    if (scanner.take('$')) {
      const steps = this.#readSteps([]);
      return steps.length === 0 ? undefined : steps;
    }
    if (scanner.take('@')) return this.#readSteps([]);
    if (scanner.take('*')) return [{ kind: 'wildcard' }];
    if (scanner.isAtQuote) return [{ kind: 'name', name: scanner.quoted() }];
    return [this.#element()];
  }

  /** A further element in brackets. */
  #laterBranch(): readonly Step[] {
    const scanner = this.#scanner;
    if (scanner.next === '$') throw new PathRefusedError('this server takes no $ after a comma in brackets');
    if (scanner.take('@')) return this.#readSteps([]);
    if (scanner.take('*')) return this.#readSteps([{ kind: 'wildcard' }]);
    if (scanner.isAtQuote) return this.#readSteps([{ kind: 'name', name: scanner.quoted() }]);
    return [this.#element()];
  }

  /** A filter, a computed index, an index or a slice. */
  #element(): Step {
    const scanner = this.#scanner;
    if (scanner.take('?')) return { kind: 'filter', condition: this.#expression() };
    if (scanner.take('(')) {
      const expression = this.#expression();
      scanner.expect(')');
      return { kind: 'computed', expression: this.#operations(this.#postfix(expression)) };
    }
    const start = scanner.integer();
    scanner.skipBlanks();
    if (scanner.take(':')) return this.#slice(start);
    return { kind: 'index', index: start ?? scanner.fail('index, name, slice or filter expected') };
  }

  #slice(start: number | undefined): Step {
    const scanner = this.#scanner;
    const stop = scanner.integer();
    scanner.skipBlanks();
    const step = scanner.take(':') ? (scanner.integer() ?? 1) : 1;
    if (step === 0) scanner.fail('the step of a slice is 0');
    return { kind: 'slice', slice: { start, stop, step } };
  }

  #expression(bindsAtMost: number = loosest): Expression {
    return this.#nested(() => this.#operations(this.#operand(), bindsAtMost));
  }

  /** Joins an expression with those that operators connect it to. */
  #operations(first: Expression, bindsAtMost: number = loosest): Expression {
    let left = first;
    for (;;) {
      const operator = this.#operator(bindsAtMost);
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: this.#expression(precedence[operator]) };
    }
  }

  /** Takes an operator if one comes next that does not bind more loosely than the bound. */
  #operator(bindsAtMost: number): BinaryOperator | undefined {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    for (const operator of operators) {
      if (precedence[operator] <= bindsAtMost && scanner.take(operator)) return operator;
    }
    // Blanks may stand inside of `==`.
    if (precedence['=='] > bindsAtMost || scanner.next !== '=') return undefined;
    scanner.expect('=');
    scanner.skipBlanks();
    if (scanner.take('~')) {
      throw new PathRefusedError('this server takes no regular expressions in paths (=~): they can run for ever');
    }
    scanner.expect('=');
    return '==';
  }

  #operand(): Expression {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    if (scanner.take('!')) return { kind: 'unary', operator: '!', operand: this.#nested(() => this.#operand()) };
    if (scanner.take('-')) return { kind: 'unary', operator: '-', operand: this.#nested(() => this.#operand()) };
    if (scanner.take('$')) return this.#pathFrom('root');
    if (scanner.take('@')) return this.#pathFrom('current');
    return this.#postfix(this.#primary());
  }

  #primary(): Expression {
    const scanner = this.#scanner;
    if (scanner.take('(')) {
      const expression = this.#expression();
      scanner.skipBlanks();
      scanner.expect(')');
      return expression;
    }
    if (scanner.isAtQuote) return { kind: 'literal', value: scanner.quoted() };
    if (scanner.next === '[' || scanner.next === '{') return { kind: 'literal', value: scanner.json() };
    if (/[0-9]/.test(scanner.next)) return { kind: 'literal', value: scanner.number() };
    const name = scanner.name();
    if (scanner.next === '(') return this.#call(name);
    const value = literals.get(name);
    return { kind: 'literal', value: value === undefined ? scanner.fail('value, path or function expected') : value };
  }

  /** A path that begins here. A function in it begins at the current place. */
  #pathFrom(from: PathExpression['from']): PathExpression {
    const steps = this.#readSteps([]);
    return { kind: 'path', from: steps[0]?.kind === 'call' ? 'current' : from, steps };
  }

  /** An expression with the steps that follow it, if any. */
  #postfix(expression: Expression): Expression {
    const path = this.#pathFrom(expression);
    return path.steps.length === 0 ? expression : path;
  }

  /** The call of a function whose name was read. */
  #call(name: string): Call {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    scanner.expect('(');
    const args: Expression[] = [];
    scanner.skipBlanks();
    while (!scanner.take(')')) {
      if (args.length > 0) scanner.expect(',');
      args.push(this.#expression());
      scanner.skipBlanks();
    }
    const { arity } = functionNamed(name);
    if (args.length !== arity) throw new PathError(`${name}() takes ${arity} arguments`);
    return { kind: 'call', name, args };
  }

  #nested<T>(parse: () => T): T {
    this.#depth++;
    if (this.#depth > maxDepth) throw new PathRefusedError('the path is nested too deep');
    const parsed = parse();
    this.#depth--;
    return parsed;
  }
}
