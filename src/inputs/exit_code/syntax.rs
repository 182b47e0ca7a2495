//! The syntax of a script, as far as it joins commands: lists, pipelines and groups.

/// Groups may stand in groups as deep as this.
const DEEPEST: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    And,
    Or,
    Pipe,
    /// `;`, and the end of a line.
    End,
    /// `&`
    Aside,
    Open,
    Close,
    /// `<`, `>`, `2>&`: the next word is a file, or a number.
    Redirect,
}

/// What joins a pipeline to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
}

/// Pipelines with what joins them, and whether `&` ends them.
#[derive(Debug, Default)]
pub(super) struct List(pub(super) Vec<(Chain, bool)>);

#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(Join, Pipeline)>,
}

#[derive(Debug, Default)]
pub(super) struct Pipeline {
    pub(super) inverted: bool,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) enum Part {
    /// The place in the list of commands.
    Simple(usize),
    /// `{ …; }`, or `( … )` in a shell of its own.
    Group { list: List, own_shell: bool },
}

/// A script, read.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) list: List,
    /// The words of each command.
    pub(super) commands: Vec<Vec<String>>,
    /// There are only lists, pipelines and groups: no `if`, no loop, nothing broken.
    pub(super) is_plain: bool,
}

/// Reads a script.
pub(super) fn read(script: &str) -> Script {
    let tokens = tokens(script);
    let mut reader = Reader { tokens: &tokens, at: 0, commands: Vec::new(), depth: 0, plain: true };
    let list = reader.list();
    Script { list, is_plain: reader.plain && reader.at == tokens.len(), commands: reader.commands }
}

fn tokens(script: &str) -> Vec<Token> {
    let script = script.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = script.chars().peekable();
    let end =
        |word: &mut Option<String>, tokens: &mut Vec<Token>| tokens.extend(word.take().map(Token::Word));
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            (None, '<' | '>') => {
                // `2>&1`: the number is no word.
                if word.as_ref().is_none_or(|word| !word.bytes().all(|byte| byte.is_ascii_digit())) {
                    end(&mut word, &mut tokens);
                }
                word = None;
                while chars.next_if(|c| ['<', '>', '&', '|'].contains(c)).is_some() {}
                tokens.push(Token::Redirect);
            }
            (None, '&' | '|') => {
                end(&mut word, &mut tokens);
                tokens.push(match (c, chars.next_if_eq(&c).is_some()) {
                    ('&', true) => Token::And,
                    ('&', false) => Token::Aside,
                    (_, true) => Token::Or,
                    (_, false) => Token::Pipe,
                });
                // `|&`
                if tokens.last() == Some(&Token::Pipe) {
                    chars.next_if_eq(&'&');
                }
            }
            (None, ';' | '\n') => {
                end(&mut word, &mut tokens);
                tokens.push(Token::End);
            }
            (None, '$') if chars.peek() == Some(&'(') => {
                let mut depth = 0;
                let word = word.get_or_insert_default();
                word.push(c);
                for c in chars.by_ref() {
                    word.push(c);
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    if depth == 0 {
                        break;
                    }
                }
            }
            (None, '(' | ')') => {
                end(&mut word, &mut tokens);
                tokens.push(if c == '(' { Token::Open } else { Token::Close });
            }
            (None, c) if c.is_whitespace() => end(&mut word, &mut tokens),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    end(&mut word, &mut tokens);
    tokens
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    commands: Vec<Vec<String>>,
    depth: usize,
    /// Whether there are only lists, pipelines and groups.
    plain: bool,
}

impl Reader<'_> {
    fn next_if(&mut self, is_wanted: impl Fn(&Token) -> bool) -> bool {
        let is = self.tokens.get(self.at).is_some_and(is_wanted);
        self.at += usize::from(is);
        is
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word == wanted)
    }

    fn list(&mut self) -> List {
        let mut list = List::default();
        loop {
            while self.next_if(|token| *token == Token::End) {}
            if self.is_over() {
                return list;
            }
            let chain = self.chain();
            let aside = self.next_if(|token| *token == Token::Aside);
            list.0.push((chain, aside));
            if !aside && !self.next_if(|token| *token == Token::End) {
                return list;
            }
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.tokens.get(self.at), None | Some(Token::Close)) || self.is_word("}")
    }

    fn chain(&mut self) -> Chain {
        let mut chain = Chain { first: self.pipeline(), rest: Vec::new() };
        loop {
            let join = match self.tokens.get(self.at) {
                Some(Token::And) => Join::And,
                Some(Token::Or) => Join::Or,
                _ => return chain,
            };
            self.at += 1;
            while self.next_if(|token| *token == Token::End) {}
            let next = self.pipeline();
            chain.rest.push((join, next));
        }
    }

    fn pipeline(&mut self) -> Pipeline {
        let mut pipeline = Pipeline::default();
        while self.is_word("!") {
            self.at += 1;
            pipeline.inverted = !pipeline.inverted;
        }
        loop {
            let part = self.part();
            pipeline.parts.push(part);
            if !self.next_if(|token| *token == Token::Pipe) {
                return pipeline;
            }
        }
    }

    fn part(&mut self) -> Part {
        let own_shell = self.tokens.get(self.at) == Some(&Token::Open);
        if (own_shell || self.is_word("{")) && self.depth < DEEPEST {
            self.at += 1;
            self.depth += 1;
            let list = self.list();
            self.depth -= 1;
            let is_closed = match own_shell {
                true => self.next_if(|token| *token == Token::Close),
                false => self.next_if(|token| *token == Token::Word("}".to_owned())),
            };
            self.plain &= is_closed;
            while self.next_if(|token| matches!(token, Token::Word(_) | Token::Redirect)) {}
            return Part::Group { list, own_shell };
        }
        let begin = self.at;
        let mut words = Vec::new();
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Word(word)) => words.push(word.clone()),
                Some(Token::Redirect) if matches!(self.tokens.get(self.at + 1), Some(Token::Word(_))) => {
                    self.at += 1;
                }
                _ => break,
            }
            self.at += 1;
        }
        const COMPOUND: [&str; 13] = [
            "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
            "function",
        ];
        self.plain &= self.at > begin && words.first().is_none_or(|word| !COMPOUND.contains(&word.as_str()));
        self.commands.push(words);
        Part::Simple(self.commands.len() - 1)
    }
}
