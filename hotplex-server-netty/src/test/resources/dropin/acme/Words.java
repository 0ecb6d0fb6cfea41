package acme;

/** What a library of a provider would be: another version of it says something else. */
public final class Words {
    private Words() {}

    public static String greeting() {
        return "good day";
    }
}
