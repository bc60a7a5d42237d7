//! Everything a person can bind a key to, in one table: it feeds the keys, the footer, the help and the palette.

use super::key::{Code, Key};

/// Where an action belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// Every list.
    List,
    /// The list of tunnels.
    Tunnels,
    /// The list of tunnels, where a tunnel in the making is selected.
    Drafts,
    /// The list of bastions.
    Bastions,
    /// The journal.
    Journal,
    /// The list of keys.
    Keys,
    /// The page of a key.
    Key,
    /// The page of a rotation.
    Rotation,
    /// The page of a diagnosis.
    Diagnosis,
    /// The set-up for the bastion's admin.
    Setup,
}

/// Scopes whose keys count in one place, beside those that count everywhere.
const TOGETHER: [&[Scope]; 6] = [
    &[Scope::Drafts, Scope::Tunnels, Scope::List],
    &[Scope::Bastions, Scope::List],
    &[Scope::Journal, Scope::List],
    &[Scope::Keys, Scope::List],
    &[Scope::Key, Scope::Keys],
    &[Scope::Rotation, Scope::Key],
];

impl Scope {
    /// There is a place where keys of both count.
    pub(crate) fn meets(self, other: Self) -> bool {
        let everywhere = self == Self::Global || other == Self::Global;
        self == other || everywhere || TOGETHER.iter().any(|place| place.contains(&self) && place.contains(&other))
    }
}

macro_rules! actions {
    ($($variant:ident $scope:ident $id:literal $keys:expr, $label:literal, $help:literal;)*) => {
        /// What a person can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $help] $variant,)*
        }

        impl Action {
            /// All actions, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Where it belongs.
            #[must_use]
            pub fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope,)* }
            }

            /// Its name in the configuration and the palette.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The keys it has by default, the one shown first.
            #[must_use]
            pub fn keys(self) -> &'static [Key] {
                match self { $(Self::$variant => const { &$keys },)* }
            }

            /// A word or two for the footer; empty for what needs no mention there.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// A sentence for the help.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

const fn ch(c: char) -> Key {
    Key::char(c)
}

const fn key(code: Code) -> Key {
    Key::plain(code)
}

actions! {
    Toggle Tunnels "toggle" [ch(' ')], "up/down", "Brings the selected tunnel up, or takes it down.";
    Resume Drafts "resume" [key(Code::Enter)], "go on", "Goes on with the selected draft, where it was left.";
    Drop Drafts "drop" [ch('x'), key(Code::Delete)], "drop", "Drops the selected draft, after a question.";
    New Tunnels "new" [ch('n')], "new", "Sets up a tunnel, a question a page.";
    OpenClient Tunnels "open-client" [key(Code::Enter)], "open client", "Opens the database's own client through the tunnel and returns.";
    Diagnose Tunnels "diagnose" [ch('d')], "diagnose", "Climbs to the database once and says what is broken, who must act and what mends it.";
    SetUp Tunnels "set-up" [ch('s')], "set-up", "Shows what the bastion's admin and the database's keeper must do, with the real names in it.";
    Edit Tunnels "edit" [ch('e')], "edit", "Changes the selected tunnel: its bastion, its login, its database, its name, its local port.";
    Remove Tunnels "remove" [ch('x')], "", "Removes the selected tunnel from the configuration, after a question.";
    Answer Tunnels "answer" [ch('a')], "answer", "Answers the question that the selected tunnel waits for.";
    Copy Tunnels "copy" [ch('y')], "copy", "Copies something of the selected tunnel: URL, host and port, variables, a command; enter takes the URL.";
    CopyFix Tunnels "copy-fix" [ch('Y')], "copy fix", "Copies the command that mends the selected tunnel's fault.";
    Restart Tunnels "restart" [ch('r')], "restart", "Restarts the selected tunnel; live connections are cut.";
    Mark Tunnels "mark" [ch('v')], "", "Marks the selected tunnel; up, down and restart are then for all marked ones.";
    MarkAll Tunnels "mark-all" [ch('*')], "", "Marks all tunnels that show, such as those with a tag, or takes the marks away.";
    Sort Tunnels "sort" [ch('o')], "", "Sorts the tunnels by the next of name, state, round trip, traffic.";
    Group Tunnels "group" [ch('O')], "", "Groups the tunnels by first tag, by bastion, or not at all.";
    Rename Tunnels "rename" [ch('R')], "", "Gives the selected tunnel another name.";
    Duplicate Tunnels "duplicate" [ch('D')], "", "Adds a tunnel like the selected one, under another name and local port.";
    Events Tunnels "events" [ch('J')], "", "Shows the journal of the selected tunnel alone.";
    CopyEntry Journal "copy-entry" [ch('y')], "copy line", "Copies the selected line with its moment.";
    ReadEntry Journal "read-entry" [key(Code::Enter)], "read", "Shows the selected line in full.";
    AnswerBastion Bastions "trust" [ch('a')], "trust", "Answers the question that the selected bastion waits for, or pins its host key by the fingerprint.";
    RemoveBastion Bastions "remove-bastion" [ch('x')], "", "Removes the selected bastion, after a question; one in use stays.";
    CopyBastion Bastions "copy-bastion" [ch('y')], "copy", "Copies something of the selected bastion: fingerprint, address, a command.";
    RenameBastion Bastions "rename-bastion" [ch('R')], "", "Gives the selected bastion another name, also where tunnels name it.";
    DiagnoseBastion Bastions "diagnose-bastion" [ch('d')], "diagnose", "Climbs to the login on the bastion once and says what is broken, who must act and what mends it.";
    EditBastion Bastions "edit-bastion" [ch('e')], "edit", "Changes the selected bastion: its host, its port, its account, its login.";
    SetUpBastion Bastions "set-up-bastion" [ch('s')], "set-up", "Shows what the bastion's admin must do, with the real names in it.";
    FinishRotation Rotation "finish-rotation" [ch('f')], "finish", "Logs in with the second key, and puts it in the first one's place when every bastion takes it.";
    CopySecond Rotation "copy-second-line" [ch('y')], "copy the second line", "Copies the second key's line for the bastion's admin to add.";
    AbortRotation Rotation "abort-rotation" [ch('x')], "give it up", "Removes the second key, after a question; the first one is the key it was.";
    KeyBack Key "key-back" [key(Code::Esc)], "back", "Goes back to the list; what was asked for goes on.";
    CopyForAdmin Key "copy-for-admin" [ch('A')], "copy for the admin", "Copies what is left for the bastion's admin.";
    KeyDown Key "key-down" [ch('j'), key(Code::Down)], "", "Shows what stands further down on the page.";
    KeyUp Key "key-up" [ch('k'), key(Code::Up)], "", "Shows what stands further up on the page.";
    ShowKey Keys "show-key" [key(Code::Enter)], "show", "Shows everything of the selected key, its public line and its line for authorized_keys.";
    NewKey Keys "new-key" [ch('n')], "new", "Makes a key.";
    ImportKey Keys "import-key" [ch('i')], "import", "Takes over a private key from a file or a paste.";
    CopyKey Keys "copy-key" [ch('y')], "copy", "Copies the selected key's public line.";
    CopyLine Keys "copy-authorized-key" [ch('Y')], "copy line", "Copies the selected key's line for authorized_keys, limited to the databases of its tunnels.";
    RotateKey Keys "rotate-key" [ch('r')], "rotate", "Makes a second key for the selected one, or shows the rotation that is under way.";
    KeyPassphrase Keys "key-passphrase" [ch('p')], "passphrase", "Sets, changes or removes the selected key's passphrase.";
    ShowCode Keys "show-key-code" [ch('c')], "code", "Shows the selected key's public line as a QR code.";
    RemoveKey Keys "remove-key" [ch('x')], "remove", "Removes the selected key, after a question; one in use stays.";
    Details Diagnosis "details" [key(Code::Enter)], "details", "Shows everything that is known of the opened rung.";
    CopyCheck Diagnosis "copy-check" [ch('r')], "check script", "Copies the script that looks at everything sshd demands and prints a receipt, for the bastion's admin to run.";
    PasteReceipt Diagnosis "paste-receipt" [ch('p')], "paste receipt", "Takes the receipt that the script printed, and ticks every line of the checklist.";
    CopyAdvice Diagnosis "copy-command" [ch('1'), ch('2'), ch('3'), ch('4'), ch('5'), ch('6'), ch('7'), ch('8'), ch('9')], "copy command", "Copies the command that has this number.";
    Again Diagnosis "again" [ch('a')], "again", "Climbs once more.";
    Back Diagnosis "back" [key(Code::Esc)], "back", "Goes back to the list; a climb under way goes on.";
    LookAs Diagnosis "look-as" [ch('u')], "look with your own login", "Climbs again, and looks on the bastion with a login of your own.";
    SetUpHere Diagnosis "set-up-here" [ch('s')], "set-up", "Shows what the bastion's admin and the database's keeper must do.";
    CopyReport Diagnosis "copy-report" [ch('y')], "copy report", "Copies the report as text.";
    CopyRedacted Diagnosis "copy-redacted" [ch('Y')], "", "Copies the report with hosts, users, addresses and keys replaced by placeholders.";
    SaveReport Diagnosis "save-report" [ch('w')], "save", "Saves the report in a file that you alone can read.";
    SaveRedacted Diagnosis "save-redacted" [ch('W')], "", "Saves the report with hosts, users, addresses and keys replaced by placeholders.";
    Compare Diagnosis "compare" [ch('=')], "changes", "Shows what changed since the run before.";
    NextRung Diagnosis "rung-below" [ch('j'), key(Code::Down)], "", "Opens the rung below.";
    PreviousRung Diagnosis "rung-above" [ch('k'), key(Code::Up)], "", "Opens the rung above.";
    SetupCopyStep Setup "copy-step" [ch('y')], "copy step", "Copies the opened step: its command, or all of them with what each is for.";
    SetupNextTab Setup "next-tab" [key(Code::Tab), key(Code::Right), ch('l')], "next tab", "Shows the next platform.";
    SetupCopyAll Setup "copy-all" [ch('Y')], "copy all", "Copies all that stands on the tab.";
    SetupWrite Setup "write-set-up" [ch('w')], "write file", "Writes all of the tab, or the opened script, into a file that you alone can read, and says where.";
    SetupBack Setup "leave-set-up" [key(Code::Esc)], "back", "Goes back to what lies below.";
    SetupMarkdown Setup "copy-markdown" [ch('m')], "markdown", "Copies the steps of the tab as Markdown.";
    SetupPreviousTab Setup "previous-tab" [key(Code::BackTab), key(Code::Left), ch('h')], "", "Shows the platform before.";
    SetupCopyNumber Setup "copy-numbered" [ch('1'), ch('2'), ch('3'), ch('4'), ch('5'), ch('6'), ch('7'), ch('8'), ch('9')], "", "Copies the command of the opened step that has this number.";
    SetupPaste Setup "read-receipt" [ch('p')], "paste receipt", "Takes the receipt that the script printed, and ticks every line of the checklist.";
    SetupCopyCheck Setup "copy-check-script" [ch('r')], "check script", "Copies the script that only looks and prints a receipt.";
    SetupDown Setup "step-below" [ch('j'), key(Code::Down)], "", "Opens the step below.";
    SetupUp Setup "step-above" [ch('k'), key(Code::Up)], "", "Opens the step above.";
    SetupFirst Setup "first-step" [ch('g'), key(Code::Home)], "", "Opens the first step.";
    SetupLast Setup "last-step" [ch('G'), key(Code::End)], "", "Opens the last step.";
    SetupForward Setup "read-on" [ch(' '), key(Code::PageDown), Key::ctrl('d')], "", "Goes on through the opened step, then to the next.";
    SetupBackward Setup "read-back" [key(Code::PageUp), Key::ctrl('u')], "", "Goes back through the opened step, then to the one before.";
    Down List "down" [ch('j'), key(Code::Down)], "", "Moves one line down.";
    Up List "up" [ch('k'), key(Code::Up)], "", "Moves one line up.";
    First List "first" [ch('g'), key(Code::Home)], "", "Moves to the first line.";
    Last List "last" [ch('G'), key(Code::End)], "", "Moves to the last line.";
    HalfDown List "half-down" [Key::ctrl('d'), key(Code::PageDown)], "", "Moves half a page down.";
    HalfUp List "half-up" [Key::ctrl('u'), key(Code::PageUp)], "", "Moves half a page up.";
    Filter List "filter" [ch('/')], "filter", "Shows only lines with these letters; # before a word asks for a tag.";
    Undo List "undo" [ch('u')], "", "Undoes the last change of the configuration; once more does it again.";
    Tunnels Global "tunnels" [ch('1')], "", "Shows the tunnels.";
    Bastions Global "bastions" [ch('2')], "", "Shows the bastions.";
    Keys Global "keys" [ch('3')], "", "Shows adit's own keys.";
    Journal Global "journal" [ch('4')], "", "Shows what happened.";
    NextScreen Global "next" [key(Code::Tab)], "", "Shows the next screen.";
    PreviousScreen Global "previous" [key(Code::BackTab)], "", "Shows the screen before.";
    Explain Global "explain" [ch('E')], "", "Says what an error text means that you paste: of ssh, a database client, a driver or a tool.";
    Theme Global "theme" [ch('T')], "", "Lists the themes, each shown as it is chosen; the one that is kept is written into the configuration.";
    Mouse Global "mouse" [ch('M')], "", "Switches the mouse on or off; off, the terminal selects text.";
    Palette Global "palette" [ch(':')], "commands", "Lists every command by name, to be run from there.";
    Help Global "help" [ch('?')], "help", "Lists every key and what it does.";
    Suspend Global "suspend" [Key::ctrl('z')], "", "Suspends the dashboard; fg brings it back.";
    Quit Global "quit" [ch('q'), Key::ctrl('c')], "quit", "Leaves the dashboard; tunnels stay up.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What a key means, wherever it means something: actions that share a key are in one of these lines, or the same everywhere.
    const MEANINGS: &[(&str, &[&str])] = &[
        ("opens what is selected", &["resume", "open-client", "read-entry", "show-key", "details"]),
        ("begins something new", &["new", "new-key"]),
        ("takes away, after a question", &["drop", "remove", "remove-bastion", "remove-key", "abort-rotation"]),
        ("asks (again)", &["answer", "trust", "again"]),
        ("diagnoses", &["diagnose", "diagnose-bastion"]),
        ("copies", &["copy", "copy-entry", "copy-bastion", "copy-key", "copy-second-line", "copy-report", "copy-step"]),
        ("copies the other thing", &["copy-fix", "copy-authorized-key", "copy-redacted", "copy-all"]),
        ("renews", &["restart", "rotate-key"]),
        ("changes", &["edit", "edit-bastion"]),
        ("renames", &["rename", "rename-bastion"]),
        ("writes a file", &["save-report", "write-set-up"]),
        ("leaves", &["back", "key-back", "leave-set-up"]),
        ("goes down", &["down", "key-down", "rung-below", "step-below"]),
        ("goes up", &["up", "key-up", "rung-above", "step-above"]),
        ("goes far down", &["half-down", "read-on"]),
        ("goes far up", &["half-up", "read-back"]),
        ("goes to the first", &["first", "first-step"]),
        ("goes to the last", &["last", "last-step"]),
        ("goes to the next page", &["next", "next-tab"]),
        ("goes to the page before", &["previous", "previous-tab"]),
        ("shows the set-up", &["set-up", "set-up-bastion", "set-up-here"]),
        // The figures stand beside the commands, and the screens' names are not shown on those pages.
        ("has that number", &["copy-command", "copy-numbered", "tunnels", "bastions", "keys", "journal"]),
    ];

    /// What the pages of the diagnosis and the set-up call r, p, u and space, after the words for it or as readers of long texts do;
    /// on the lists those are something else.
    const APART: &[&str] = &["copy-check", "copy-check-script", "paste-receipt", "read-receipt", "look-as", "read-on"];

    #[test]
    fn a_key_means_the_same_everywhere() {
        let meaning = |action: &Action| {
            MEANINGS.iter().find(|(_, ids)| ids.contains(&action.id())).map_or(action.id(), |(meaning, _)| meaning)
        };
        for action in Action::ALL {
            for other in Action::ALL {
                let Some(key) = action.keys().iter().find(|key| other.keys().contains(key)) else { continue };
                if APART.contains(&action.id()) || APART.contains(&other.id()) {
                    continue;
                }
                assert_eq!(meaning(action), meaning(other), "{key} is {} and {}", action.id(), other.id());
            }
        }
        for (meaning, ids) in MEANINGS {
            for id in *ids {
                assert!(Action::ALL.iter().any(|action| action.id() == *id), "{meaning}: there is no {id}");
            }
        }
        assert!(APART.iter().all(|id| Action::ALL.iter().any(|action| action.id() == *id)));
    }

    #[test]
    fn every_action_has_a_name_a_key_and_a_sentence() {
        let ids: HashSet<_> = Action::ALL.iter().map(|action| action.id()).collect();
        assert_eq!(ids.len(), Action::ALL.len());
        for action in Action::ALL {
            assert!(!action.keys().is_empty(), "{action:?}");
            assert!(action.help().ends_with('.'), "{action:?}");
        }
    }
}
